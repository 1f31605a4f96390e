/**
 * The code of an address that was scanned, from there to the step that asks for it. It lives in this page only: a code
 * is somebody's for ten minutes, and lies nowhere.
 */
export const kept = { code: '' };
