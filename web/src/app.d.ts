declare global {
	namespace App {
		interface Error {
			/** The problem's stable code, shown small under the words. */
			code?: string;
			/** What to tell the person, already in their language. */
			message: string;
		}
		interface PageState {
			/** Asked by a page that lies over another (a sheet on phones), so that Back closes it. */
			over?: string;
		}
	}
}

export {};
