/** What was dropped or pasted, as files. */

/** A dropped folder looks like a file without bytes: it is left out, and told. */
export function dropped(data: DataTransfer): { files: File[]; folders: boolean } {
	const files: File[] = [];
	let folders = false;
	for (const item of data.items) {
		if (item.kind !== 'file') continue;
		if (item.webkitGetAsEntry()?.isDirectory) {
			folders = true;
			continue;
		}
		const file = item.getAsFile();
		if (file) files.push(file);
	}
	return { files, folders };
}

/**
 * Files of a paste. Where words come too (a table copied from a spreadsheet brings its picture along), the words are
 * what is meant. `name`: what a picture without a name of its own is called.
 */
export function pasted(data: DataTransfer, name: string): File[] {
	if (data.types.includes('text/plain')) return [];
	return [...data.files].map((file) =>
		/^image\.\w+$/.test(file.name)
			? new File([file], `${name}${file.name.slice(file.name.lastIndexOf('.'))}`, { type: file.type })
			: file
	);
}

/** 20261121-2247 */
export function stamp(at: Date): string {
	const two = (value: number) => String(value).padStart(2, '0');
	const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
	return `${day}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}
