/**
 * One table in a database of its own, for the few records that outlive what is kept of a session.
 *
 * What must stay true: a write that was answered is on the disk. Throws where the browser gives no such store.
 */

/** Does one thing in the table, and gives its answer once the transaction is through. */
export type Act = <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>) => Promise<T>;

/** `database` holds the one table `name`, whose records are known by `keyPath`. It is opened for each act alone. */
export function table(database: string, name: string, keyPath: string): Act {
	return async (mode, act) => {
		const opened = await new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(database, 1);
			request.onupgradeneeded = () => request.result.createObjectStore(name, { keyPath });
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error ?? new Error('refused'));
		});
		try {
			return await new Promise((resolve, reject) => {
				const transaction = opened.transaction(name, mode, { durability: 'strict' });
				const request = act(transaction.objectStore(name));
				transaction.oncomplete = () => resolve(request.result);
				transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
			});
		} finally {
			opened.close();
		}
	};
}
