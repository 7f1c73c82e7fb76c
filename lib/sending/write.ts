import type { LinktorClient } from '../client';
import { invalid } from '../errors';
import type { Outgoing } from '../model';
import { type MarkupStyle, renderMarkup } from '../text';
import { mostOfText, withWords, wordsOf } from './fit';
import type { Limits } from './limits';

/**
 * Write the text of a message as its channel shows it. A text that has to be split is written plainly, since a part
 * could end within what is bold.
 * @throws LinktorError `validation` when nothing but markup is in the text
 */
export async function writeText(
  { markup, ...message }: Outgoing,
  limits: Limits,
  client: Pick<LinktorClient, 'contract'>,
): Promise<Outgoing> {
  if (markup === undefined) return message;
  const given = wordsOf(message);
  const wanted = await styleOf(message, limits, client);
  const written = await renderMarkup(given, markup, wanted);
  const isWhole = wanted === 'plain' || written.length <= mostOfText(message, limits);
  const words = isWhole ? written : await renderMarkup(given, markup, 'plain');
  if (words === '' && !message.media)
    throw invalid('There is no text to send: it is nothing but markup.', 'Give words in it, or set "markup" to plain.');
  const said = withWords(message, words);
  if (wanted !== 'telegram' || !isWhole) return said;
  return { ...said, metadata: { ...message.metadata, parse_mode: 'HTML' } };
}

/** Telegram formats only texts, and only where the server tells it how they are written (contract 8.2). */
async function styleOf(
  { type }: Outgoing,
  { type: channel }: Limits,
  client: Pick<LinktorClient, 'contract'>,
): Promise<MarkupStyle> {
  if (channel.startsWith('whatsapp')) return 'whatsapp';
  const isRead = channel === 'telegram' && type === 'text' && (await client.contract()).name === 'server';
  return isRead ? 'telegram' : 'plain';
}
