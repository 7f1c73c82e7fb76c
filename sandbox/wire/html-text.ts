/** Elements whose content is no text. */
const HIDDEN_ELEMENTS = ['script', 'style'] as const;
const BLOCK_END = /^(?:\/(?:p|div|li|h\d|tr)|br\s*\/?)$/;
/** Longest tag that can end a block; others are not worth a look. */
const MAX_BLOCK_END_LENGTH = 32;

/** The text of an HTML document, one line per block, in time linear in its length: it may come from anybody. */
export function htmlToText(html: string): string {
  // Only ASCII letters: the length has to stay, which toLowerCase does not promise.
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const parts: string[] = [];
  const unclosed = new Set<string>();
  let at = 0;
  let end = -1;
  for (;;) {
    const start = html.indexOf('<', at);
    if (start < 0) break;
    // Looked up again only when it is passed: many `<` before one `>` are read once.
    if (end < start) end = html.indexOf('>', start);
    // What never ends is no tag.
    if (end < 0) break;
    parts.push(html.slice(at, start));
    const hidden = HIDDEN_ELEMENTS.find((name) => isElement(lower, start, name) && !unclosed.has(name));
    const behind = hidden ? endOfElement(lower, start, hidden) : undefined;
    const next = html.indexOf('<', start + 1);
    if (behind !== undefined) {
      parts.push(' ');
      at = behind;
    } else if (next >= 0 && next < end) {
      // Another tag begins before this one ends: it is text.
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

/** The place behind the closing tag of an element; undefined when it is never closed. */
function endOfElement(lower: string, start: number, name: string): number | undefined {
  const closing = lower.indexOf(`</${name}`, start);
  const end = closing < 0 ? -1 : lower.indexOf('>', closing);
  return end < 0 ? undefined : end + 1;
}

/** Does a tag of this element start here? */
function isElement(lower: string, start: number, name: string): boolean {
  return lower.startsWith(name, start + 1) && !/\w/.test(lower[start + 1 + name.length] ?? '');
}
