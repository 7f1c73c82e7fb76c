import { invalid, LinktorError, toLinktorError } from '../errors';
import { MEDIA_FORMS, mediaMessage } from '../messages/media';
import * as outgoing from '../messages/outgoing';
import { isObject, type Outgoing } from '../model';
import { describe } from '../text';

export const MESSAGE_KINDS = ['text', 'media', 'buttons', 'list', 'template', 'location', 'contact', 'raw'] as const;
export type Kind = (typeof MESSAGE_KINDS)[number];

/** The content given by a flow author; the kind of the message decides which fields are used. */
export interface MessageInput {
  text?: unknown;
  /** a file, or a list of files */
  media?: unknown;
  caption?: string;
  /** how a file is shown: auto, voice, sticker, document */
  mediaForm?: string;
  /** how the text is written: plain, markdown, html */
  markup?: string;
  buttons?: unknown;
  list?: unknown;
  template?: unknown;
  language?: string;
  parameters?: unknown;
  location?: unknown;
  card?: unknown;
  metadata?: unknown;
}

/**
 * Compose one message from its fields. In place of a text, an object may contain the whole message:
 * `{text, media, caption, buttons, list, template, language, parameters, location, contact, metadata}`.
 * @returns the message; further ones follow only for a list of files
 * @throws LinktorError `validation` that names the faulty field
 */
export function compose(kind: Exclude<Kind, 'raw'>, given: MessageInput): [Outgoing, ...Outgoing[]] {
  const { kind: meant, said } = isObject(given.text) ? unpacked(kind, given, given.text) : { kind, said: given };
  // An object without a text is passed on as the text, so that the error describes it.
  const made = ofKind(meant, { ...said, text: said.text ?? given.text });
  const messages = made.map((message) => withMarkup(message, said.markup));
  const { metadata } = said;
  if (metadata !== undefined && !isObject(metadata)) {
    throw invalid(`"metadata" must be an object, not ${describe(metadata)}.`);
  }
  const [first, ...others] = messages.map((message) => ({ ...message, ...(metadata && { metadata }) }));
  return [first as Outgoing, ...others];
}

/** Note how the text of a message is written, if it has one. */
function withMarkup(message: Outgoing, markup: unknown): Outgoing {
  const isWritten = message.text !== undefined || message.interactive || message.media?.caption;
  return isWritten && (markup === 'markdown' || markup === 'html') ? { ...message, markup } : message;
}

/** @returns a body in the server's own format @throws LinktorError `validation` when it is no object */
export function rawBody(given: unknown): object {
  if (isObject(given)) return given;
  throw invalid(
    `A raw message must be an object, not ${describe(given)}.`,
    'Give the body of the send request in msg.payload.',
  );
}

/** A field in addition to the text decides the kind of the message. */
const telling = {
  media: 'media',
  buttons: 'buttons',
  list: 'list',
  template: 'template',
  location: 'location',
} as const;

/** Fields that are not empty override those of the object. */
function unpacked(kind: Exclude<Kind, 'raw'>, fields: MessageInput, object: Record<string, unknown>) {
  const { text, contact: card, caption, language, ...rest } = object;
  const filled = Object.entries({ ...fields, text: undefined }).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  const said: MessageInput = {
    ...rest,
    card,
    caption: outgoing.textOf(caption ?? text),
    language: outgoing.textOf(language),
    ...Object.fromEntries(filled),
    text,
  };
  if (kind !== 'text') return { kind, said };
  const found = Object.entries({ ...telling, card: 'contact' as const }).filter(
    ([name]) => name in said && said[name as keyof MessageInput] !== undefined,
  );
  const [first, second] = found;
  if (first && second) {
    throw invalid(`A message cannot hold both "${first[0]}" and "${second[0]}".`, 'Send them one after the other.');
  }
  return { kind: first?.[1] ?? kind, said };
}

/** the largest number of files in one message, as in WhatsApp */
const MAX_ALBUM = 30;

/** Files of a list are sent one after the other; the caption goes with the first. */
function filesOf({ media, caption, mediaForm = 'auto' }: MessageInput): [Outgoing, ...Outgoing[]] {
  const form = MEDIA_FORMS.find((one) => one === mediaForm) ?? 'auto';
  const files: unknown[] = Array.isArray(media) ? media : [media];
  if (files.length > MAX_ALBUM) {
    throw invalid(`There are ${files.length} files, and one message takes ${MAX_ALBUM}.`, 'Split the list.');
  }
  const [first, ...others] = files;
  const fileAt = (file: unknown, index: number) => {
    try {
      return mediaMessage(file, index === 0 ? caption : undefined, form);
    } catch (thrown) {
      throw files.length <= 1 ? thrown : numbered(thrown, index, files.length);
    }
  };
  return [fileAt(first, 0), ...others.map((file, index) => fileAt(file, index + 1))];
}

/** @returns the error of one file of several, which says which one */
function numbered(thrown: unknown, index: number, count: number): LinktorError {
  const { code, message, cause } = toLinktorError(thrown);
  return new LinktorError(code, `File ${index + 1} of ${count}: ${message}`, cause);
}

function ofKind(kind: Exclude<Kind, 'raw'>, said: MessageInput): [Outgoing, ...Outgoing[]] {
  switch (kind) {
    case 'media':
      return filesOf(said);
    case 'buttons':
      return [outgoing.buttonsMessage(said.text, said.buttons)];
    case 'list':
      return [outgoing.listMessage(said.text, said.list)];
    case 'template':
      return [outgoing.templateMessage(said.template, said.language ?? '', said.parameters)];
    case 'location':
      return [outgoing.locationMessage(said.location)];
    case 'contact':
      return [outgoing.contactMessage(said.card)];
    default:
      return Buffer.isBuffer(said.text) ? filesOf({ ...said, media: said.text }) : [outgoing.textMessage(said.text)];
  }
}
