import type { Delivery } from '../lib/realtime';
import { copyOf } from './kit/copy';
import { trigger } from './kit/define';
import { as, checks, choice, flag, typed } from './kit/fields';
import { failureOf, topicOf } from './kit/to-msg';
import { type Sent, SentMatcher } from './kit/trigger/match';

const statuses = ['pending', 'sent', 'delivered', 'read', 'failed'] as const;
type Status = (typeof statuses)[number];

/** time by which the response to a send may follow the first status of its message, milliseconds */
const ANSWER_DELAY_MS = 1000;

/** Emit the status of sent messages. */
export default trigger({
  type: 'linktor-status-in',
  outputs: statuses,
  single: 'status',
  fields: {
    statuses: checks(statuses, ['delivered', 'read', 'failed'], { icon: 'check-square-o' }),
    channels: typed('', {
      convert: as.list,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'channels',
      icon: 'sitemap',
    }),
    onlyOurs: flag(false, { icon: 'filter' }),
    correlate: flag(true, { icon: 'link' }),
    raw: flag(true, { icon: 'code', advanced: true }),
    outputs: choice(['1', '5'], { icon: 'sign-out' }),
  },
  listen({ values, toMsg, sentLog, onEvent, everything, emit, fenced, status, onClose, takeOver, handOver }) {
    const { onlyOurs, correlate } = values;
    const chosen = values.statuses.length > 0 ? values.statuses : statuses;
    const wanted = new Map<string, Status>(chosen.map((one) => [`message.${one}`, one]));
    const channels = values.channels && values.channels.length > 0 ? new Set(values.channels) : undefined;

    const tell = fenced((delivery: Delivery, sent?: Sent) => {
      const word = wanted.get(delivery.event.name);
      if (word === undefined || (onlyOurs && !sent)) return;
      const msg = toMsg.event(delivery, word, topicOf(delivery));
      if (word === 'failed') msg.failure = failureOf(delivery.event.original);
      if (sent) msg.elapsed = Math.max(0, delivery.receivedAt - sent.at);
      if (correlate && sent?.context !== undefined) msg.context = own(sent.context);
      if (values.raw) msg.event = copyOf(delivery.event.original);
      status(word);
      emit(msg, values.outputs === '5' ? statuses.indexOf(word) : 0);
    });
    const ours = onlyOurs || correlate ? new SentMatcher<Delivery>(sentLog, ANSWER_DELAY_MS, tell) : undefined;
    if (ours) {
      onClose(() => ours.close());
      handOver(() => {
        const held = ours.drain();
        return held.length > 0 ? held : undefined;
      });
    }
    for (const [messageId, delivery] of takeOver<[string, Delivery][]>()?.value ?? []) {
      if (ours) ours.add(messageId, delivery);
      else tell(delivery, undefined);
    }

    everything();
    onEvent((delivery) => {
      const { name, message, messageId } = delivery.event;
      // A `sent` event with a message reports the message itself, not its status.
      if (!wanted.has(name) || message || messageId === undefined) return;
      if (channels && !channels.has(delivery.conversation?.channelId ?? '')) return;
      if (ours) ours.add(messageId, delivery);
      else tell(delivery, undefined);
    });
    return undefined;
  },
});

/** Copy the context for each status, if possible. */
function own(context: unknown): unknown {
  try {
    return structuredClone(context);
  } catch {
    return context;
  }
}
