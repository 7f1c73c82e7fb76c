import { invalid } from '../wire/problem';

/**
 * Habits of the real self-hosted server that break a client which trusts the documentation.
 *
 * - `updated-at`: `updated_at` of a conversation moves with the first reply, inbound messages and changes of the
 *   conversation; later outgoing messages move `last_message_at` only.
 * - `phones`: WhatsApp phones and identifiers are stored as the provider sends them, without `+`.
 * - `choices`: a pressed button or list row is written as the adapter of the channel writes it.
 * - `content`: locations, contact cards and stickers are written as the adapter of the channel writes them.
 * - `media`: media of WhatsApp and Telegram have a media id instead of a URL.
 * - `statuses`: inbound messages are `pending` and without `sender_id`; the status webhook accepts any order.
 */
export const SERVER_HABITS = ['updated-at', 'phones', 'choices', 'content', 'media', 'statuses'] as const;
export type ServerHabit = (typeof SERVER_HABITS)[number];

/** The habits enabled by default. */
export const DEFAULT_HABITS: readonly ServerHabit[] = SERVER_HABITS;

const WHATSAPP = new Set(['whatsapp', 'whatsapp_official', 'whatsapp_unofficial']);

export function isWhatsApp(channelType: string): boolean {
  return WHATSAPP.has(channelType);
}

/** A phone as WhatsApp sends it: digits only. */
export function providerPhone(phone: string): string {
  return phone.replace(/\D/g, '');
}

/**
 * Reads names of habits; `all` and `none` stand for themselves.
 *
 * @throws a 400 Problem for an unknown name
 */
export function readHabits(names: readonly string[]): ServerHabit[] {
  const known = new Set<string>(SERVER_HABITS);
  const unknown = names.find((name) => name !== 'all' && name !== 'none' && !known.has(name));
  if (unknown !== undefined) throw invalid('habits', `${unknown} is not one of all, none, ${SERVER_HABITS.join(', ')}`);
  return SERVER_HABITS.filter((habit) => names.includes('all') || names.includes(habit));
}
