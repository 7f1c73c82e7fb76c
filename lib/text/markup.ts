import { BoundedRunner } from './bounded';

/** How the author has written a text. */
export const MARKUPS = ['plain', 'markdown', 'html'] as const;
export type Markup = (typeof MARKUPS)[number];

/** What a channel makes of a text. whatsapp: `*bold*`; telegram: HTML that it knows; plain: the words alone */
export type MarkupStyle = 'whatsapp' | 'telegram' | 'plain';

/** @returns a value that stays as it is in a text with markup */
export function escapedFor(markup: string, value: string): string {
  if (markup === 'html') return escapeHtml(value);
  // Indented lines would be code.
  return markup === 'markdown' ? value.replace(/[!-/:-@[-`{-~]/g, '\\$&').replace(/\n[ \t]+/g, '\n') : value;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (one) => names[one] ?? one);
}

/**
 * Write a text with markup the way a channel shows it. What is no markup in the text is none in the result.
 * @param text Markdown or HTML; unknown elements leave their content
 */
export async function renderMarkup(text: string, markup: Markup, style: MarkupStyle): Promise<string> {
  if (markup === 'plain') return text;
  const html = markup === 'html' ? text : await htmlOf(text);
  // Better sent as it was written than not at all.
  return html === undefined ? STYLES[style].text(text).trim() : new Renderer(STYLES[style]).render(html);
}

/** Milliseconds for a text in Markdown. A model's answer of 10,000 letters takes a few; some texts take minutes. */
const MAX_MARKDOWN_MS = 40;
/** Its context takes a millisecond to make. */
const markdown = new BoundedRunner(MAX_MARKDOWN_MS);

/** @returns undefined when it took too long */
async function htmlOf(text: string): Promise<string | undefined> {
  // The package has a file of its own in the build.
  const { marked } = await import('marked');
  let html: string | undefined;
  markdown.run(() => {
    html = marked.parse(text, { async: false, gfm: true, breaks: true });
  });
  return html;
}

interface Style {
  text(given: string): string;
  bold(inner: string): string;
  italic(inner: string): string;
  strike(inner: string): string;
  code(inner: string): string;
  block(inner: string): string;
  quote(inner: string): string;
  link(inner: string, url: string): string;
}

const same = (inner: string) => inner;
const quoted = (inner: string) => inner.trim().replace(/^/gm, '> ');
const withUrl = (inner: string, url: string) => (inner === url || inner.trim() === '' ? url : `${inner} (${url})`);

/** Around the words of each line: a marker beside a blank shows nothing. */
const around = (mark: string) => (inner: string) => inner.replace(/\S(?:.*\S)?/g, `${mark}$&${mark}`);
const element = (name: string) => (inner: string) => (inner.trim() === '' ? inner : `<${name}>${inner}</${name}>`);

const STYLES: Readonly<Record<MarkupStyle, Style>> = {
  plain: { text: same, bold: same, italic: same, strike: same, code: same, block: same, quote: quoted, link: withUrl },
  whatsapp: {
    text: withoutMarkers,
    bold: around('*'),
    italic: around('_'),
    strike: around('~'),
    code: around('`'),
    block: (inner) => `\`\`\`${inner}\`\`\``,
    quote: quoted,
    link: withUrl,
  },
  telegram: {
    text: escapeHtml,
    bold: element('b'),
    italic: element('i'),
    strike: element('s'),
    code: element('code'),
    block: element('pre'),
    quote: element('blockquote'),
    link: (inner, url) => `<a href="${escapeHtml(url)}">${inner.trim() === '' ? escapeHtml(url) : inner}</a>`,
  },
};

/** WhatsApp has no way to escape a marker, so one that would format gets the form of another character. */
const LOOK_ALIKES: Readonly<Record<string, string>> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' };

function withoutMarkers(text: string): string {
  const parts = text.split(/(https?:\/\/\S+)/);
  // Only a marker at the edge of a word formats.
  const edge = /(?<![\p{L}\p{N}])[*_~`]|[*_~`](?![\p{L}\p{N}])/gu;
  return parts
    .map((part, index) => (index % 2 === 1 ? part : part.replace(edge, (one) => LOOK_ALIKES[one] ?? one)))
    .join('');
}

interface Open {
  tag: string;
  url: string;
  out: string;
  /** of a numbered list */
  count: number;
}

const TOKEN = /<(\/?)([a-z][a-z0-9]*)(?![a-z0-9])([^<>]*)>|<![^<>]*>/gi;
const BLOCKS = new Set(['p', 'div', 'ul', 'ol', 'li', 'blockquote', 'pre', 'hr', 'table', 'tr']);
const HEADING = /^h[1-6]$/;
const EMPTY = new Set(['br', 'hr', 'img', 'input']);
const UNSHOWN = new Set(['script', 'style', 'head', 'title']);
/** levels of elements within one another; deeper ones are left out */
const MAX_DEPTH = 50;

class Renderer {
  readonly #style: Style;
  readonly #open: Open[] = [{ tag: '', url: '', out: '', count: 0 }];
  #isAfterBlock = true;

  constructor(style: Style) {
    this.#style = style;
  }

  render(html: string): string {
    let from = 0;
    for (const match of html.matchAll(TOKEN)) {
      this.#text(html.slice(from, match.index));
      from = match.index + match[0].length;
      const tag = match[2]?.toLowerCase();
      if (tag !== undefined) this.#element(tag, match[1] === '/', match[3] ?? '');
    }
    this.#text(html.slice(from));
    while (this.#open.length > 1) this.#close();
    return this.#top.out
      .replace(/(?<![ \t])[ \t]+\n/g, '\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim();
  }

  get #top(): Open {
    return this.#open.at(-1) as Open;
  }

  #element(tag: string, isEnd: boolean, attributes: string): void {
    const isBlock = BLOCKS.has(tag) || HEADING.test(tag);
    if (EMPTY.has(tag)) this.#empty(tag, attributes);
    else if (isEnd) this.#end(tag);
    else if (this.#open.length < MAX_DEPTH) {
      this.#open.push({ tag, url: attributeOf('href', attributes), out: '', count: tag === 'ol' ? 1 : 0 });
    }
    this.#isAfterBlock = isBlock;
  }

  #empty(tag: string, attributes: string): void {
    if (tag === 'br') this.#top.out += '\n';
    if (tag === 'hr') this.#top.out += '\n\n';
    if (tag === 'img') this.#top.out += this.#image(attributeOf('alt', attributes), attributeOf('src', attributes));
  }

  /** No text shows a picture, so it is a link. */
  #image(alt: string, url: string): string {
    const words = this.#style.text(alt);
    const isLinked = this.#open.some(({ tag }) => tag === 'a');
    return isLinked || !/^https?:/i.test(url) ? words : this.#style.link(words, url);
  }

  /** An end without a beginning ends nothing; one of an outer element ends the inner ones as well. */
  #end(tag: string): void {
    if (!this.#open.some((one, level) => level > 0 && one.tag === tag)) return;
    while (this.#top.tag !== tag) this.#close();
    this.#close();
  }

  #close(): void {
    const { tag, url, out } = this.#open.pop() as Open;
    this.#top.out += this.#written(tag, url, out);
  }

  #written(tag: string, url: string, out: string): string {
    const { bold, italic, strike, code, block, quote, link } = this.#style;
    if (UNSHOWN.has(tag)) return '';
    if (HEADING.test(tag)) return `\n\n${bold(out.trim())}\n\n`;
    if (tag === 'b' || tag === 'strong' || tag === 'th') return bold(out);
    if (tag === 'i' || tag === 'em') return italic(out);
    if (tag === 's' || tag === 'del' || tag === 'strike') return strike(out);
    if (tag === 'code') return this.#open.some((one) => one.tag === 'pre') ? out : code(out);
    if (tag === 'pre') return `\n\n${block(out.replace(/\n$/, ''))}\n\n`;
    if (tag === 'blockquote') return `\n\n${quote(out.trim())}\n\n`;
    if (tag === 'a') return /^(?:https?|mailto|tel):/i.test(url) ? link(out, url) : out;
    if (tag === 'li') return `${this.#bullet()}${out.trim().replace(/\n+/g, '\n  ')}\n`;
    if (tag === 'ul' || tag === 'ol') return this.#isInList ? `\n${out.trimEnd()}\n` : `\n\n${out}\n`;
    if (tag === 'td') return `${out} `;
    return BLOCKS.has(tag) ? `\n\n${out.trim()}\n\n` : out;
  }

  get #isInList(): boolean {
    return this.#open.some(({ tag }) => tag === 'li');
  }

  #bullet(): string {
    const { tag, count } = this.#top;
    if (tag !== 'ol') return '• ';
    this.#top.count++;
    return `${count}. `;
  }

  #text(raw: string): void {
    // Blanks between blocks belong to the source.
    if (raw === '' || (this.#isAfterBlock && raw.trim() === '')) return;
    this.#isAfterBlock = false;
    const text = decoded(raw);
    const isCode = this.#open.some(({ tag }) => tag === 'code' || tag === 'pre');
    this.#top.out += isCode && this.#style !== STYLES.telegram ? text : this.#style.text(text);
  }
}

function attributeOf(name: string, attributes: string): string {
  const [, double, single, bare] =
    new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"']+))`, 'i').exec(attributes) ?? [];
  return decoded(double ?? single ?? bare ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    const code = decimal !== undefined ? Number(decimal) : hex === undefined ? undefined : Number.parseInt(hex, 16);
    if (code === undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}
