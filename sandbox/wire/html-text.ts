/** Elements whose content is not text. */
const HIDDEN_ELEMENTS = ['script', 'style'] as const;
const BLOCK_END = /^(?:\/(?:p|div|li|h\d|tr)|br\s*\/?)$/;
/** Maximum length of a tag that can end a block; longer tags are not checked. */
const MAX_BLOCK_END_LENGTH = 32;

/** The text of an untrusted HTML document, one line per block, in time linear in its length. */
export function htmlToText(html: string): string {
  // Only ASCII letters: the length must not change, and toLowerCase may change it.
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const parts: string[] = [];
  const unclosed = new Set<string>();
  let at = 0;
  let end = -1;
  for (;;) {
    const start = html.indexOf('<', at);
    if (start < 0) break;
    // Searched again only once passed, so that many `<` before one `>` take linear time.
    if (end < start) end = html.indexOf('>', start);
    // Without an end it is not a tag.
    if (end < 0) break;
    parts.push(html.slice(at, start));
    const hidden = HIDDEN_ELEMENTS.find((name) => isElement(lower, start, name) && !unclosed.has(name));
    const behind = hidden ? endOfElement(lower, start, hidden) : undefined;
    const next = html.indexOf('<', start + 1);
    if (behind !== undefined) {
      parts.push(' ');
      at = behind;
    } else if (next >= 0 && next < end) {
      // Another tag begins before this one ends, so this one is text.
      if (hidden) unclosed.add(hidden);
      parts.push('<');
      at = start + 1;
    } else {
      if (hidden) unclosed.add(hidden);
      const isBlockEnd = end - start <= MAX_BLOCK_END_LENGTH && BLOCK_END.test(lower.slice(start + 1, end));
      parts.push(isBlockEnd ? '\n' : ' ');
      at = end + 1;
    }
  }
  parts.push(html.slice(at));
  return parts.join('').replace(/[ \t]+/g, ' ');
}

/** The position after the closing tag of an element; undefined when it is never closed. */
function endOfElement(lower: string, start: number, name: string): number | undefined {
  const closing = lower.indexOf(`</${name}`, start);
  const end = closing < 0 ? -1 : lower.indexOf('>', closing);
  return end < 0 ? undefined : end + 1;
}

/** Does a tag of this element start here? */
function isElement(lower: string, start: number, name: string): boolean {
  return lower.startsWith(name, start + 1) && !/\w/.test(lower[start + 1 + name.length] ?? '');
}
