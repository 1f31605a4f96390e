/**
 * What goes when a session ends, beyond what was kept sealed: the subscription to notifications, those that are
 * shown, the mark on the app's icon, and the copies of the app itself (R14).
 */
export async function forgetAll(): Promise<void> {
	const worker = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
	if (worker) {
		const subscription = await worker.pushManager?.getSubscription().catch(() => null);
		await subscription?.unsubscribe().catch(() => {});
		for (const one of (await worker.getNotifications?.().catch(() => [])) ?? []) one.close();
	}
	await (navigator as { clearAppBadge?: () => Promise<void> }).clearAppBadge?.().catch(() => {});
	for (const name of (await globalThis.caches?.keys().catch(() => [])) ?? []) await caches.delete(name);
}
