/** Ids of buttons contain a tag of their question, so that a press on an old menu is recognised. */
const TAG = /~lk([0-9a-z]{4})$/;
/** the strictest limit of a channel: Telegram's callback data */
const MAX_ID_BYTES = 64;

/** @returns the id to send; without the tag if it would be too long for a channel */
export function tagged(id: string, tag: string): string {
  const whole = `${id}~lk${tag}`;
  return Buffer.byteLength(whole) <= MAX_ID_BYTES ? whole : id;
}

/** @returns the id given by the author, and the tag if there is one */
export function untagged(id: string): { id: string; tag?: string } {
  const [found, tag] = TAG.exec(id) ?? [];
  return found === undefined ? { id } : { id: id.slice(0, -found.length), tag };
}
