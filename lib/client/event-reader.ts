import { createParser, type EventSourceMessage, type ParseError } from 'eventsource-parser';
import { bracketed, parseJson } from '../contract/json';
import type { StreamEvent } from '../contract/stream';

/** Maximum length of one event, in UTF-16 units. */
const MAX_EVENT_LENGTH = 10 * 1024 * 1024;

/** Parsing again after each line would take quadratic time: at most so often, and so many UTF-16 units together. */
const MAX_ATTEMPTS = 100;
const MAX_PARSED_AGAIN = 5_000_000;

/** An event above the maximum length. */
export class OversizeEvent extends Error {
  constructor() {
    super('maxContentLength exceeded');
  }
}

/**
 * Reads the bytes of a streamed answer: server-sent events, JSON lines, or one JSON value. The first character decides
 * the format, regardless of the headers. A chunk of bytes may end anywhere.
 */
export class EventReader {
  readonly #decoder = new TextDecoder('utf-8');
  readonly #events: StreamEvent[] = [];
  readonly #parser = createParser({
    onEvent: ({ event, data }: EventSourceMessage) => {
      for (const one of separate(data)) this.#events.push(event ? { name: event, data: one } : { data: one });
    },
    // A line that is no field: JSON after a comment, or a page in place of a stream.
    onError: ({ type, line }: ParseError) => {
      if (type === 'unknown-field' && line) this.#events.push({ data: line });
    },
  });
  #kind: 'unknown' | 'events' | 'json' = 'unknown';
  /** the part of an incomplete event so far */
  #pending = '';
  #pendingLength = 0;
  /** a JSON value written over several lines, and the number of attempts to parse it */
  #value = '';
  #attempts = 0;
  #parsedAgain = 0;

  /**
   * @returns the events that are complete now
   * @throws OversizeEvent when one of them is too long
   */
  push(bytes: Uint8Array): StreamEvent[] {
    return this.#read(this.#decoder.decode(bytes, { stream: true }), false);
  }

  /** Call when the answer has ended. @returns the incomplete rest, which has been billed */
  end(): StreamEvent[] {
    return this.#read(this.#decoder.decode(), true);
  }

  #read(text: string, isEnd: boolean): StreamEvent[] {
    if (this.#kind === 'unknown') {
      this.#pending += text;
      const start = this.#pending.replaceAll('\u001e', '').trimStart();
      if (start === '') {
        this.#pending = '';
        return [];
      }
      this.#kind = /^[[{]/.test(start) ? 'json' : 'events';
      const first = this.#pending;
      this.#pending = '';
      return this.#read(first, isEnd);
    }
    if (this.#kind === 'json') this.#readJson(text, isEnd);
    else this.#readEvents(text, isEnd);
    return this.#events.splice(0);
  }

  #readEvents(text: string, isEnd: boolean): void {
    const before = this.#events.length;
    this.#parser.feed(text);
    if (isEnd) this.#parser.feed('\n\n');
    this.#pendingLength = this.#events.length > before ? text.length : this.#pendingLength + text.length;
    if (this.#pendingLength > MAX_EVENT_LENGTH) throw new OversizeEvent();
  }

  /** Each value of a JSON text sequence begins with a record separator (RFC 7464). */
  #readJson(given: string, isEnd: boolean): void {
    const text = given.replaceAll('\u001e', '');
    if (/[\r\n]/.test(text)) {
      const lines = (this.#pending + text).split(/\r\n|\r|\n/);
      this.#pending = lines.pop() ?? '';
      for (const line of lines) this.#addLine(line);
    } else this.#pending += text;
    if (this.#pending.length + this.#value.length > MAX_EVENT_LENGTH) throw new OversizeEvent();
    if (!isEnd) return;
    this.#addLine(this.#pending);
    if (this.#value !== '') this.#emitValue();
  }

  #addLine(line: string): void {
    if (this.#value === '' && line.trim() === '') return;
    this.#value += this.#value === '' ? line : `\n${line}`;
    if (!mayEndValue(line) || this.#attempts >= MAX_ATTEMPTS || this.#parsedAgain > MAX_PARSED_AGAIN) return;
    this.#attempts++;
    this.#parsedAgain += this.#attempts > 1 ? this.#value.length : 0;
    if (isJson(this.#value)) this.#emitValue();
  }

  /** Emit the values of a list one after the other. */
  #emitValue(): void {
    const text = this.#value;
    this.#value = '';
    this.#attempts = 0;
    this.#parsedAgain = 0;
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (error) {
      // A list that is nested too deeply is one value all the same.
      const values = error instanceof SyntaxError ? separateValues(text) : [text];
      for (const one of values) this.#events.push({ data: one });
      return;
    }
    if (!Array.isArray(value)) this.#events.push({ data: text });
    else for (const one of value) this.#events.push({ data: JSON.stringify(one) });
  }
}

/** A line may end a JSON value: as a complete value, or with the last bracket of a value over several lines. */
function mayEndValue(line: string): boolean {
  const text = line.trim();
  if (text.endsWith('}')) return text.startsWith('{') || line.startsWith('}');
  return text.endsWith(']') && (text.startsWith('[') || line.startsWith(']'));
}

/**
 * Some servers omit the empty line between events: then each line is a separate value. Others break a text of the JSON
 * into lines.
 */
function separate(data: string): string[] {
  if (!data.includes('\n') || isJson(data)) return [data];
  const lines = data.split('\n').filter((line) => line.trim() !== '');
  if (lines.every((line) => line.trim() === '[DONE]' || isJson(line))) return lines;
  const joined = data.replaceAll('\n', '\\n');
  return [isJson(joined) ? joined : data];
}

/** The values of a list that broke off, or of a line that holds several; the text itself when there are none. */
function separateValues(text: string): string[] {
  const values = bracketed(text.replace(/^\s*\[/, ''));
  const last = values.at(-1);
  if (last === undefined || !values.every(isJson)) return [text];
  const rest = text.slice(text.lastIndexOf(last) + last.length).replace(/^[\s,]+/, '');
  return rest === '' || rest === ']' ? values : [...values, rest];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
