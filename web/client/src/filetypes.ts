// Types of files that a message may carry, and how they are recognised.

/** Media types by the endings of names. */
const BY_ENDING: Record<string, string> = {
  jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", gif: "image/gif", webp: "image/webp",
  mp4: "video/mp4", webm: "video/webm", mp3: "audio/mpeg", m4a: "audio/mp4", ogg: "audio/ogg", weba: "audio/webm",
  pdf: "application/pdf", zip: "application/zip",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
};
const TYPES = new Set(Object.values(BY_ENDING));

/** All of them, for the `accept` of an input. */
export const FILE_TYPES: readonly string[] = [...TYPES, ...Object.keys(BY_ENDING).map((ending) => `.${ending}`)];
export const IMAGE_TYPES: readonly string[] = [...TYPES].filter(isImage);

/** The type of a file, by what the system says, else by its name: systems name some types in ways of their own.
 * Undefined for one that no message may carry. */
export function typeOf({ name, type }: { name: string; type: string }): string | undefined {
  if (TYPES.has(type)) return type;
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
}

/** Whether a file of this type is shown as a picture. */
export function isImage(type: string): boolean {
  return type.startsWith("image/");
}
