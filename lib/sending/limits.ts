import type { LinktorClient } from '../client';
import { type Channel, ownValue, type Unknowns } from '../model';

/** Limits of a channel. Lengths are in UTF-16 units; infinite where no limit is known. */
export interface Limits {
  /** the channel's type, for error messages */
  type: string;
  text: number;
  /** of the text under a picture */
  caption: number;
  /** of the text above buttons or a list */
  body: number;
  /** 0: it has no buttons */
  buttons: number;
  /** of a list; 0: it has no lists */
  rows: number;
  /** bytes of a file; 0: it takes none */
  media: number;
  hasVoiceNotes: boolean;
  hasStickers: boolean;
  /** of each button */
  button: OptionLimits;
  /** of each entry of a list */
  row: OptionLimits;
}

/** Limits of one choice. */
export interface OptionLimits {
  title: number;
  description: number;
  /** of the heading above it */
  section: number;
  /** bytes in UTF-8 */
  id: number;
  /** no two may have the same title or the same id */
  isUnique: boolean;
  /** where one entry of a list has a heading, all need one */
  isHeaded: boolean;
}

const anyOption: OptionLimits = {
  title: Infinity,
  description: Infinity,
  section: Infinity,
  id: Infinity,
  isUnique: false,
  isHeaded: false,
};
const boundless = {
  text: Infinity,
  caption: Infinity,
  body: Infinity,
  buttons: Infinity,
  rows: Infinity,
  media: Infinity,
  hasVoiceNotes: false,
  hasStickers: false,
  button: anyOption,
  row: anyOption,
};
const MB = 1024 * 1024;
/** Its voice notes and stickers are kinds of their own. */
const rich = { hasVoiceNotes: true, hasStickers: true };
const plain = { ...boundless, buttons: 0, rows: 0 };
const whatsapp = {
  text: 4096,
  caption: 1024,
  body: 1024,
  buttons: 3,
  rows: 10,
  media: 16 * MB,
  ...rich,
  button: { ...anyOption, title: 20, id: 256, isUnique: true },
  row: { title: 24, description: 72, section: 24, id: 200, isUnique: true, isHeaded: true },
};
const telegram = { ...anyOption, id: 64 };
const facebook = { ...anyOption, title: 20, id: 1000 };
const rcs = { ...anyOption, title: 25, id: 2048 };

/** Limits published by the operators of the channels. The server's own limits of a channel take precedence. */
const published: Record<string, Omit<Limits, 'type'>> = {
  whatsapp,
  whatsapp_official: whatsapp,
  whatsapp_unofficial: { ...plain, ...rich, text: 65_536, caption: 1024, media: 100 * MB },
  telegram: {
    ...{ text: 4096, caption: 1024, body: 4096, buttons: 100, rows: 100, media: 50 * MB },
    ...{ ...rich, button: telegram, row: telegram },
  },
  facebook: {
    ...{ ...boundless, text: 2000, caption: 2000, body: 640, buttons: 3, rows: 10, media: 25 * MB },
    ...{ button: facebook, row: facebook },
  },
  instagram: { ...plain, text: 1000, caption: 1000, media: 8 * MB },
  sms: { ...plain, text: 1600, caption: 1600, media: 5 * MB },
  email: { ...plain, media: 25 * MB },
  rcs: {
    ...{ ...boundless, text: 3072, caption: 2000, body: 3072, buttons: 11, rows: 10, media: 10 * MB },
    ...{ button: rcs, row: rcs },
  },
  webchat: { ...boundless, text: 4096, caption: 4096, body: 4096, media: 10 * MB },
};

/** Every known channel carries this many UTF-16 units, so that a shorter text needs no look-up. */
export const SAFE_TEXT_LENGTH = 640;

/** @param capabilities the server's statement about the channel (contract 1.5) */
export function limitsOf(type: string, capabilities: Unknowns = {}): Limits {
  const usual = ownValue(published, type) ?? boundless;
  const { maxMessageLength, supportsButtons, supportsLists, supportsMedia, maxMediaSize } = capabilities;
  const { supportedContentTypes: kinds } = capabilities;
  const most = typeof maxMessageLength === 'number' && maxMessageLength >= 3 ? maxMessageLength : usual.text;
  return {
    type,
    text: most,
    caption: Math.min(usual.caption, most),
    body: Math.min(usual.body, most),
    buttons: allowed(supportsButtons, usual.buttons, whatsapp.buttons),
    rows: allowed(supportsLists, usual.rows, whatsapp.rows),
    media: supportsMedia === false ? 0 : positive(maxMediaSize) ? maxMediaSize : usual.media,
    hasVoiceNotes: usual.hasVoiceNotes,
    hasStickers: usual.hasStickers && (!Array.isArray(kinds) || kinds.includes('sticker')),
    button: usual.button,
    row: usual.row,
  };
}

function positive(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

/** A server that allows a feature does not state how many are allowed. */
function allowed(said: unknown, usual: number, atLeast: number): number {
  if (said === false) return 0;
  return said === true && usual === 0 ? atLeast : usual;
}

/** A conversation, with its channel where that is known. */
export interface Target {
  conversationId: string;
  channelId?: string;
  channelType?: string;
}

const LIMITS_TTL_MS = 10 * 60_000;
const MAX_REMEMBERED = 1000;

/** Limits of an account's channels: looked up when a message needs them, then remembered for ten minutes. */
export class ChannelLimits {
  readonly #places = new Map<string, Target>();
  readonly #limits = new Map<string, { until: number; limits: Limits }>();

  async limits(client: LinktorClient, given: Target): Promise<Limits> {
    const { channelId, channelType } = await this.#place(client, given);
    const known = channelId === undefined ? undefined : this.#limits.get(channelId);
    if (known && known.until > Date.now()) return known.limits;
    if (channelId === undefined) return limitsOf(channelType ?? 'unknown');
    const [type, capabilities] = await Promise.all([
      channelType ?? client.channels.get(channelId).then(({ type }: Channel) => type, ignored),
      client.channels.capabilities(channelId).catch(ignored),
    ]);
    const limits = limitsOf(type ?? 'unknown', capabilities);
    if (capabilities) keep(this.#limits, channelId, { until: Date.now() + LIMITS_TTL_MS, limits });
    return limits;
  }

  /** A conversation never changes its channel. */
  async #place(client: LinktorClient, given: Target): Promise<Target> {
    if (given.channelId !== undefined) return given;
    const { conversationId } = given;
    const known = this.#places.get(conversationId);
    if (known) return known;
    const { channelId, channelType } = await client.conversations.get(conversationId);
    const place = { conversationId, channelId, channelType };
    keep(this.#places, conversationId, place);
    return place;
  }
}

/** Without an answer of the server the published limits apply. */
function ignored(): undefined {}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) break;
    map.delete(oldest);
  }
}
