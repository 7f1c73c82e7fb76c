import { invalid, LinktorError } from '../errors';
import type { FileDesk, FilePlace } from '../files';
import { tooLarge } from '../messages/media';
import type { FileSource, Media, Outgoing } from '../model';
import type { Limits } from './limits';
import type { Raw, SendRequest } from './send-request';

type Part = Outgoing | Raw;

/**
 * Read the file of a message, and check that its channel takes it.
 * @returns the message with its file as bytes, and the changes made for the channel
 * @throws LinktorError `validation` for a file that cannot be read, or that the channel does not take
 */
export async function openFile(
  message: Outgoing,
  limits: Limits,
  desk: FileDesk | undefined,
): Promise<{ message: Outgoing; adapted: string[] }> {
  const { file, media } = message;
  if (!media) return { message, adapted: [] };
  if (!file) return inForm({ ...message, media }, limits);
  if (!desk) throw invalid('No file can be sent from here.', 'Give the URL of the file.');
  const opened = await readFile({ ...message, file, media }, desk);
  const { data } = opened.file;
  if (limits.media === 0) throw invalid(`${limits.type} takes no files.`, 'Send a text with the address of the file.');
  if (data.length > limits.media) throw tooLarge(data.length, limits.media, limits.type);
  return inForm(opened, limits);
}

type WithMedia = Outgoing & { media: Media };

/** @returns the message with the bytes of its file, and what they are @throws LinktorError `validation` */
async function readFile(
  message: WithMedia & { file: FileSource },
  desk: FileDesk,
): Promise<WithMedia & { file: { data: Buffer } }> {
  const { file, media } = message;
  const { data, kind, mimeType, filename } = await desk.open(file, media);
  const type = media.type || kind;
  if (type === 'sticker' && kind !== 'image') throw unfit('sticker', 'a picture', mimeType);
  if (media.voice === true && kind !== 'audio') throw unfit('voice note', 'audio', mimeType);
  return { ...message, type, media: { ...media, type, mimeType, filename, size: data.length }, file: { data } };
}

/**
 * Read the files of a request that is to be stored, and replace each by something that lasts.
 * @param replace makes the message to store from one with the bytes of its file
 * @throws LinktorError `validation` for a file that cannot be read
 */
export async function storable(
  request: SendRequest,
  desk: FileDesk,
  replace: (message: WithMedia & { file: { data: Buffer } }) => Promise<Outgoing>,
): Promise<SendRequest> {
  const stored = async (one: Outgoing): Promise<Outgoing> => {
    const { file, media } = one;
    return file && media ? replace(await readFile({ ...one, file, media }, desk)) : one;
  };
  const { message, more } = request;
  const first = 'raw' in message ? message : await stored(message);
  if (!more) return { ...request, message: first };
  const others: Outgoing[] = [];
  for (const one of more) others.push(await stored(one));
  return { ...request, message: first, more: others };
}

function unfit(form: string, needed: string, mimeType: string): LinktorError {
  return invalid(`A ${form} needs ${needed}, and the file is ${mimeType}.`, 'Send it as what it is.');
}

/** Without voice notes or stickers a channel gets audio or a picture. */
function inForm(message: WithMedia, { hasVoiceNotes, hasStickers }: Limits): { message: Outgoing; adapted: string[] } {
  const { media, type } = message;
  if (media.voice === true && !hasVoiceNotes) {
    const { voice: _, ...audio } = media;
    return { message: { ...message, media: audio as Media }, adapted: ['audio'] };
  }
  if (type !== 'sticker' || hasStickers) return { message, adapted: [] };
  return { message: { ...message, type: 'image', media: { ...media, type: 'image' } }, adapted: ['image'] };
}

/** The addresses of the files of one message, until it has left. */
export class Attachments {
  readonly #places = new Map<Part, FilePlace>();
  readonly #left: { place: FilePlace; messageId: string }[] = [];

  /**
   * Give every file an address.
   * @returns the parts with the addresses
   * @throws LinktorError; the addresses given before are then dropped
   */
  async place(parts: readonly Part[], desk: FileDesk | undefined, signal: AbortSignal): Promise<Part[]> {
    const placed: Part[] = [];
    try {
      for (const part of parts) placed.push(await this.#placed(part, desk, signal));
      return placed;
    } catch (error) {
      this.drop(error);
      throw error;
    }
  }

  async #placed(part: Part, desk: FileDesk | undefined, signal: AbortSignal): Promise<Part> {
    if ('raw' in part || !part.file) return part;
    const { file, media, ...rest } = part;
    if (!desk || !media || !('data' in file)) return part;
    const { mimeType = '', filename = '' } = media;
    const place = await desk.place({ data: file.data, mimeType, filename, kind: rest.type }, rest.type, signal);
    const message: Outgoing = { ...rest, media: { ...media, url: place.url } };
    this.#places.set(message, place);
    return message;
  }

  sent(part: Part, messageId: string): void {
    const place = this.#places.get(part);
    if (!place) return;
    place.sent(messageId);
    this.#places.delete(part);
    this.#left.push({ place, messageId });
  }

  /** All parts have arrived, or one of them never will. */
  settled(): void {
    for (const { place, messageId } of this.#left) place.settled(messageId);
  }

  /** Drop the files of parts that will not leave. A part that may have left keeps its file. */
  drop(error?: unknown): void {
    if (error instanceof LinktorError && error.cause.ambiguous) return;
    for (const place of this.#places.values()) place.drop();
    this.#places.clear();
  }
}
