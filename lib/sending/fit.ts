import { invalid } from '../errors';
import { split, truncate } from '../messages/split';
import type { Interactive, Outgoing } from '../model';
import { type Limits, SAFE_TEXT_LENGTH } from './limits';
import { firstOf, misfitOf, mostOf, numbered, type Option, optionsOf } from './options';

/** Handling of a message that its channel cannot carry. */
export interface FitPolicy {
  ifTooLong: string;
  ifNoButtons: string;
}

/** One message, adapted to its channel. */
export interface FitResult {
  /** to be sent in this order */
  parts: Outgoing[];
  /** changes to the message: split, truncated, listed, numbered, shortened */
  adapted: string[];
}

/** @returns true when the channel may be unable to carry it, so that its limits have to be known */
export function mayNotFit({ interactive, text, media, file, markup, type }: Outgoing): boolean {
  if (file !== undefined || markup !== undefined || type === 'sticker' || media?.voice === true) return true;
  return interactive !== undefined || (media ? (media.caption ?? '') : (text ?? '')).length > SAFE_TEXT_LENGTH;
}

/** @returns true for a text that every channel takes as it is */
export function isShort(text: unknown): text is string {
  return typeof text === 'string' && text.trim() !== '' && text.length <= SAFE_TEXT_LENGTH;
}

/** @throws LinktorError `validation` when it does not fit and is not to be changed */
export function fitToChannel(message: Outgoing, limits: Limits, { ifTooLong, ifNoButtons }: FitPolicy): FitResult {
  const adapted: string[] = [];
  const pressable = message.interactive
    ? fitOptions(message, message.interactive, limits, ifNoButtons, adapted)
    : message;
  const words = wordsOf(pressable);
  const most = mostOfText(pressable, limits);
  if (words.length <= most) return { parts: [pressable], adapted };
  if (ifTooLong === 'fail') {
    throw invalid(
      `The text has ${words.length} characters, and ${limits.type} takes ${most}.`,
      'Shorten it, or let this node split it.',
      { length: words.length, limit: most },
    );
  }
  adapted.push(ifTooLong === 'truncate' ? 'truncated' : 'split');
  if (ifTooLong === 'truncate') return { parts: [withWords(pressable, truncate(words, most))], adapted };
  return { parts: splitMessage(pressable, words, most, limits), adapted };
}

/** The first part of a caption stays with its picture. Buttons are in the last part, after the whole text. */
function splitMessage(message: Outgoing, words: string, most: number, limits: Limits): Outgoing[] {
  const { replyTo, metadata } = message;
  const text = (part: string): Outgoing => ({ type: 'text', text: part, ...(metadata && { metadata }) });
  const answering = (parts: Outgoing[]): Outgoing[] => {
    const [first, ...others] = parts as [Outgoing, ...Outgoing[]];
    return replyTo === undefined ? parts : [{ ...first, replyTo }, ...others];
  };
  if (message.media) {
    const [caption = '', ...others] = split(words, most);
    const rest = words.slice(words.indexOf(caption) + caption.length);
    return [withWords(message, caption), ...(others.length > 0 ? split(rest, limits.text).map(text) : [])];
  }
  if (!message.interactive) return answering(split(words, most).map(text));
  const parts = split(words, limits.text);
  const end = split(parts.pop() ?? '', most);
  const { replyTo: _first, ...last } = withWords(message, end.pop() ?? '');
  return answering([...[...parts, ...end].map(text), last]);
}

/** @returns the maximum length of its text, UTF-16 units */
export function mostOfText({ media, interactive }: Outgoing, limits: Limits): number {
  return media ? limits.caption : interactive ? limits.body : limits.text;
}

/** @returns what people read of a message: its text, its caption, or the text above its buttons; `''` without any */
export function wordsOf({ text, media, interactive }: Outgoing): string {
  return (interactive ? interactive.body?.text : media ? media.caption : text) ?? '';
}

/** @returns the message with other words in the place of {@link wordsOf} */
export function withWords(message: Outgoing, words: string): Outgoing {
  const { media, interactive } = message;
  if (interactive) return { ...message, interactive: { ...interactive, body: { ...interactive.body, text: words } } };
  return media ? { ...message, media: { ...media, caption: words } } : { ...message, text: words };
}

/** @returns the same choices as a list; a list has no links and calls */
function listed({ body, action = {} }: Interactive, options: readonly Option[]): Interactive | undefined {
  if (action.buttons?.some(({ type }) => type !== 'reply')) return undefined;
  const rows = options.map(({ id, title }) => ({ id, title }));
  return { type: 'list', body, action: { sections: [{ title: '', rows }] } };
}

/** A message with choices that the channel can show. Adds the changes to `adapted`. */
function fitOptions(
  message: Outgoing,
  interactive: Interactive,
  limits: Limits,
  ifNoButtons: string,
  adapted: string[],
): Outgoing {
  const options = optionsOf(interactive);
  const problem = misfitOf(interactive, options, limits);
  if (!problem) return message;
  if (ifNoButtons === 'fail') {
    throw invalid(problem.message, 'Change it, or let this node send a numbered text.', problem.details);
  }
  if (ifNoButtons === 'list' && interactive.type === 'button') {
    const list = listed(interactive, options);
    if (list && !misfitOf(list, optionsOf(list), limits)) {
      adapted.push('listed');
      return { ...message, interactive: list };
    }
  }
  if (ifNoButtons === 'first') {
    const most = mostOf(interactive, limits);
    const first = firstOf(interactive, most);
    if (most > 0 && !misfitOf(first, optionsOf(first), limits)) {
      adapted.push('shortened');
      return { ...message, interactive: first };
    }
  }
  adapted.push('numbered');
  const { interactive: _dropped, ...rest } = message;
  const said = options.map(({ id, title }, index) => ({ number: index + 1, id, title }));
  return {
    ...rest,
    type: 'text',
    text: numbered(wordsOf(message), options),
    metadata: { ...rest.metadata, options: said },
  };
}
