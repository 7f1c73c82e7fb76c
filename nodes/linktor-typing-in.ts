import type { Delivery } from '../lib/realtime';
import { copyOf } from './kit/copy';
import { trigger } from './kit/define';
import { as, choice, flag, number, typed } from './kit/fields';
import { topicOf } from './kit/to-msg';

const MAX_KNOWN_TYPERS = 1000;
/** events that wait until our own user id is known: the newest */
const MAX_WAITING_EVENTS = 1000;
/** lifetime of the typing status, milliseconds; the stop event may be lost */
const TYPING_SHOWN_MS = 6000;

/** Emit an event when a person starts or stops typing. */
export default trigger({
  type: 'linktor-typing-in',
  needsSocket: true,
  outputs: ['typing'],
  fields: {
    conversationIds: typed('', {
      convert: as.list,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'conversations',
      icon: 'comment',
    }),
    channels: typed('', {
      convert: as.list,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'channels',
      icon: 'sitemap',
    }),
    who: choice(['all', 'contact', 'agent'], { icon: 'user' }),
    emit: choice(['both', 'start'], { icon: 'keyboard-o' }),
    quiet: number(3, { min: 0, max: 60, unit: 's', icon: 'clock-o' }),
    raw: flag(true, { icon: 'code', advanced: true }),
  },
  listen(context) {
    const { values, toMsg, client, connection, onEvent, everything, subscribe, emit, status, onClose } = context;
    const { takeOver, handOver } = context;
    const { who, quiet } = values;
    const chosen = values.conversationIds ?? [];
    const conversations = chosen.length > 0 ? new Set(chosen) : undefined;
    const channels = values.channels && values.channels.length > 0 ? new Set(values.channels) : undefined;
    const known = new Map<string, { isTyping: boolean; at: number }>();
    let fade: NodeJS.Timeout | undefined;

    /** @returns false for a repeated event of the same person */
    const isNews = ({ event, receivedAt }: Delivery) => {
      const key = `${event.conversationId} ${event.typing?.userId}`;
      const isTyping = event.typing?.isTyping === true;
      const before = known.get(key);
      known.delete(key);
      known.set(key, { isTyping, at: receivedAt });
      const [oldest] = known.keys();
      if (known.size > MAX_KNOWN_TYPERS && oldest !== undefined) known.delete(oldest);
      return before?.isTyping !== isTyping || receivedAt - before.at > quiet * 1000;
    };
    const rest = () => connection.state.name === 'open' && status('connected');
    const tell = (delivery: Delivery) => {
      const { isTyping = false, userId } = delivery.event.typing ?? {};
      const person = personOf(delivery);
      if (who !== 'all' && person.type !== who) return;
      if (!isNews(delivery)) return;
      clearTimeout(fade);
      if (isTyping) fade = setTimeout(context.fenced(rest), TYPING_SHOWN_MS);
      if (isTyping) status('typing');
      else rest();
      if (!isTyping && values.emit === 'start') return;
      const msg = toMsg.event(delivery, isTyping, topicOf(delivery));
      msg.contact = copyOf(delivery.conversation?.contact) ?? { id: msg.contactId };
      msg.sender = { ...person, id: userId };
      if (values.raw) msg.event = copyOf(delivery.event.original);
      emit(msg);
    };

    // Other clients that use this account count as own events.
    let waiting: Delivery[] | undefined = takeOver<Delivery[]>()?.value ?? [];
    let us: string | undefined;
    const notUs = (delivery: Delivery) => {
      const { userId } = delivery.event.typing ?? {};
      if (userId === undefined || userId !== us) tell(delivery);
    };
    const introduced = client.auth
      .me()
      .then(({ id }) => {
        us = id;
      })
      // Without permission to read its own user id, the node does not filter own events.
      .catch(() => {})
      .then(() => {
        const early = waiting ?? [];
        waiting = undefined;
        for (const delivery of early) notUs(delivery);
      });
    context.background(introduced);
    handOver(() => {
      const held = waiting ?? [];
      waiting = [];
      return held.length > 0 ? held : undefined;
    });
    onClose(() => {
      waiting = [];
      clearTimeout(fade);
    });

    if (conversations) for (const id of conversations) subscribe(id);
    else everything();
    onEvent((delivery) => {
      const { typing, conversationId = '' } = delivery.event;
      if (!typing || (conversations && !conversations.has(conversationId))) return;
      if (channels && !channels.has(delivery.conversation?.channelId ?? '')) return;
      if (!waiting) return notUs(delivery);
      waiting.push(delivery);
      if (waiting.length > MAX_WAITING_EVENTS) waiting.shift();
    });
    return undefined;
  },
});

/** @returns the type of the person; a frame has only the user id, of the contact or of another user */
function personOf({ event, conversation }: Delivery): { type: string; name?: string } {
  const { userId } = event.typing ?? {};
  if (userId === undefined || conversation?.contactId === undefined) return { type: 'unknown' };
  if (userId === conversation.contactId) return { type: 'contact', name: conversation.contact?.name };
  return { type: 'agent' };
}
