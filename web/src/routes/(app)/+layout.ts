import { redirect } from '@sveltejs/kit';
import { answer, api, whenIncomplete, whenShut, whenSignedOut } from '$lib/api/client';
import { Problem } from '$lib/api/problem';
import { doorFor, tend } from '$lib/device/hand';
import { readMe } from '$lib/live/kept';
import { live } from '$lib/live/store.svelte';
import { local } from '$lib/local/local';
import { renewal } from '$lib/local/renew';
import { barred, lockFor } from '$lib/lock/hand';
import { piece } from '$lib/parts/piece';
import { directory } from '$lib/people/directory.svelte';
import { isDoor, signInFor } from '$lib/session/guard';
import { session } from '$lib/session/session.svelte';
import { shut } from '$lib/session/shut.svelte';
import type { LayoutLoad } from './$types';

/**
 * Nobody passes without a session; with one, people's names are known before the first page is drawn. A session that
 * this browser may still show from what it kept is shown at once, and asked after behind: without a line nobody is
 * signed out, and the server's "no" is.
 */
export const load: LayoutLoad = async ({ url }) => {
	whenSignedOut(leave);
	whenIncomplete(complete);
	whenShut(close);
	// The app lock comes before everything that was kept.
	if (barred(null, true)) redirect(307, lockFor(url.pathname + url.search));
	if (!session.me) {
		if (!shut.before && (await resume())) void confirm();
		else {
			const known = await session.load().catch(refused);
			if (known === 'entering') redirect(307, signInFor(url.pathname + url.search));
			if (known === 'out') await away(url);
		}
	}
	if (barred(session.me, local.guarded)) redirect(307, lockFor(url.pathname + url.search));
	await directory.load();
	// Not waited for: pages without rooms are drawn at once, and the rail counts when it knows.
	void live.start();
	begin();
};

/** Nobody is signed in: nothing kept here is anyone's to read, and the door is next. */
async function away(url: URL): Promise<never> {
	void local.wipe();
	const welcome = await answer(api.GET('/api/v1/welcome'));
	redirect(307, welcome.set_up ? doorFor(signInFor(url.pathname + url.search)) : '/setup');
}

async function resume(): Promise<boolean> {
	const kept = await readMe().catch(() => null);
	if (!kept) return false;
	session.accept(kept.me);
	if (kept.people) directory.fill(kept.people);
	return true;
}

/** Whether the server sees it the same. Another session in the same browser: nothing of the first stays. */
async function confirm(): Promise<void> {
	const before = session.me?.session;
	await session.load().catch(() => {});
	if (!session.me || session.me.session === before) return;
	await local.wipe();
	location.reload();
}

/** With the session begins what goes on behind: the key of what is kept, and cleaning up at its end. */
function begin(): void {
	const { me } = session;
	if (!me) return;
	renewal.start(
		{ session: me.session, member: me.member.id },
		() => void live.unsealed(),
		() => location.reload()
	);
	if (begun) return;
	begun = true;
	tend();
	if (local.guarded) void piece(() => import('$lib/lock/watch')).then(({ watch }) => watch(me.member.id));
	live.whenOpen(() => void renewal.renew());
	// What this device may do can change at any time, also while there was no line.
	const again = () => void session.load().catch(() => {});
	live.whenMine('policy', again);
	let opened = false;
	live.whenOpen(() => {
		if (opened) again();
		opened = true;
	});
	session.whenEnding(forget);
}
let begun = false;

async function forget(): Promise<void> {
	renewal.stop();
	await local.wipe();
	await import('$lib/app/forget').then(({ forgetAll }) => forgetAll()).catch(() => {});
}

/** Something is needed of this person before they go on, such as a second factor for a role they were just given. */
function complete(): void {
	if (session.ending || !session.me) return;
	session.ending = true;
	live.stop();
	location.replace(signInFor(location.pathname + location.search));
}

/** The rules let nobody in now, or not from here: nothing stays on screen or in memory until they do. */
function close(why: Problem): void {
	if (session.ending || isDoor(location.pathname)) return;
	shut.close(why);
	live.stop();
}

/** Asked from the door, where rules are told in other ways: whoever is signed in already is told here. */
function refused(thrown: unknown): never {
	const problem = Problem.from(thrown);
	if (problem.code.startsWith('policy.')) shut.close(problem);
	throw problem;
}

/** A whole new page: nothing of the ended session stays in memory, nor in this browser. */
function leave(): void {
	// Nobody was in yet: the door is shown by whoever asked.
	if (session.ending || !session.me) return;
	session.ending = true;
	live.stop();
	void forget().finally(() => location.replace(doorFor(signInFor(location.pathname + location.search))));
}
