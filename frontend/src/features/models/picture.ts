/** Which of the files that were dropped or pasted is the picture to try. */

export const mostBytes = 20_000_000;

const endings = /\.(jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif)$/i;

/** The first picture; some systems give no type to newer formats, so the name counts, too. */
export function firstPicture(files: Iterable<File>): File | null {
  for (const file of files) if (file.type.startsWith("image/") || endings.test(file.name)) return file;
  return null;
}

export function tooLarge(file: Blob): boolean {
  return file.size > mostBytes;
}
