import { PERSON_IN_CHARGE } from '../lib/charge';
import { hasTyping, keepTyping, typingProblem } from '../lib/sending';
import { action, type Outcome } from './kit/define';
import { as, choice, dynNumber, flag, typed } from './kit/fields';

/** maximum duration of the typing sign before the next message, seconds */
const UNTIL_SENT_LIMIT_S = 60;

/** Show a typing sign, and pass the message on at once and unchanged. */
export default action({
  type: 'linktor-typing',
  outputs: ['passed'],
  busy: 'typing',
  fields: {
    conversation: typed('conversationId', {
      required: true,
      convert: as.id,
      pick: 'conversations',
      icon: 'comments',
    }),
    action: choice(['typing', 'stop'], { icon: 'keyboard-o' }),
    untilSent: flag(true, { when: { action: ['typing'] } }),
    duration: typed('duration', {
      types: dynNumber,
      convert: as.number(0, 3600),
      icon: 'clock-o',
      when: { action: ['typing'] },
    }),
  },
  async run({ client, values, msg, live, charge, sentLog, shared, signal, emit }): Promise<Outcome> {
    const { conversation, action: wanted, untilSent, duration } = values;
    const line = live();
    const sign = `typing ${conversation}`;
    const before = () => shared.get(sign) as AbortController | undefined;
    const pass: Outcome = { result: undefined, keepPayload: true };
    if (wanted === 'stop') {
      if (before()) before()?.abort();
      else line.typing(conversation, false);
      return pass;
    }
    await charge.takeovers.settled(conversation);
    if (charge.takeovers.get(conversation)) {
      const sent = { status: 'skipped', reason: PERSON_IN_CHARGE, conversationId: conversation };
      return { ...pass, status: 'skipped', properties: { sent } };
    }
    if (!hasTyping(channelOf(msg, conversation))) return { ...pass, status: 'no_typing' };
    // A listener keeps the connection open.
    line.onEvent(() => {});
    const problem = typingProblem(line.state);
    if (problem) {
      await emit(pass);
      throw problem;
    }
    // The type of the server is known once the connection is open.
    const server = line.state.name === 'open' ? await client.contract().catch(() => undefined) : undefined;
    const own = new AbortController();
    // The new sign replaces the previous one.
    before()?.abort('replaced');
    shared.set(sign, own);
    const end = () => own.abort();
    signal.addEventListener('abort', end);
    const deafen = sentLog.onSent((sent) => {
      if (untilSent && sent.conversationId === conversation) end();
    });
    const seconds = Math.min(
      duration ?? (untilSent ? UNTIL_SENT_LIMIT_S : 0),
      untilSent ? UNTIL_SENT_LIMIT_S : Number.POSITIVE_INFINITY,
    );
    return {
      ...pass,
      ...(server?.name === 'server' && { status: 'agents_only' }),
      async meanwhile() {
        try {
          await keepTyping(line, conversation, seconds * 1000, own.signal);
        } finally {
          signal.removeEventListener('abort', end);
          deafen();
          if (shared.get(sign) === own) shared.delete(sign);
          if (seconds > 0 && own.signal.reason !== 'replaced') line.typing(conversation, false);
        }
      },
    };
  },
});

/** @returns the channel type, if the message belongs to this conversation */
function channelOf({ conversationId, channelType }: Record<string, unknown>, conversation: string): unknown {
  return conversationId === conversation ? channelType : undefined;
}
