/**
 * What goes when a session ends, beyond what was kept sealed: the subscription to notifications, those that are
 * shown, the mark on the app's icon, and the copies of the app itself (R14). Pages and the worker beside them call it.
 */
export async function forgetAll(find = beside): Promise<void> {
	const worker = await find();
	if (worker) {
		const subscription = await worker.pushManager?.getSubscription().catch(() => null);
		await subscription?.unsubscribe().catch(() => {});
		for (const one of (await worker.getNotifications?.().catch(() => [])) ?? []) one.close();
	}
	await (navigator as { clearAppBadge?: () => Promise<void> }).clearAppBadge?.().catch(() => {});
	for (const name of (await globalThis.caches?.keys().catch(() => [])) ?? []) await caches.delete(name);
}

/** The worker beside this page. */
export async function beside(): Promise<ServiceWorkerRegistration | undefined> {
	return navigator.serviceWorker?.getRegistration().catch(() => undefined);
}
