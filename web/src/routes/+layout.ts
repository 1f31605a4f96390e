// One page for every address; nothing is rendered on the server.
export const ssr = false;
export const prerender = false;
