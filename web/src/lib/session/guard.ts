/** Who may see which address, and where the others are sent. Pure: the layouts act on the answers. */

/** Pages one sees before being in: nobody is led back to them. */
const DOORS = /^\/(sign-in|setup|join|recover|enrol|lock)([/?#]|$)/;

/** Whether this is a page one sees before being in. */
export const isDoor = (path: string): boolean => DOORS.test(path);

/** The address of the sign-in page that leads back to where one was going; from a door it leads home. */
export function signInFor(path: string): string {
	return path === '/' || path === '/rooms' || DOORS.test(path)
		? '/sign-in'
		: `/sign-in?to=${encodeURIComponent(path)}`;
}

/**
 * The page asked for by `?to=`, or the room list. Only paths of this client: an address with a host in any disguise
 * (`//host`, `/\host`, a control character between) would lead a person elsewhere right after signing in.
 */
export function safeReturn(to: string | null): string {
	const home = '/rooms';
	if (!to || !to.startsWith('/')) return home;
	if (/[\\\u0000-\u001f\u007f]/.test(to) || to.startsWith('//')) return home;
	const base = 'https://kairan.invalid';
	let url: URL;
	try {
		url = new URL(to, base);
	} catch {
		return home;
	}
	if (url.origin !== base) return home;
	if (/^\/api(\/|$)/.test(url.pathname) || DOORS.test(url.pathname)) return home;
	return url.pathname + url.search + url.hash;
}

/** Pages in front of the door, by whether the organisation exists yet. `null`: stay. */
export function doorway(page: 'setup' | 'sign-in', setUp: boolean): string | null {
	if (page === 'setup') return setUp ? '/sign-in' : null;
	return setUp ? null : '/setup';
}
