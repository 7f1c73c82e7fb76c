import { contractUnderTest, type FlowNode, listening, type Message, type Played, type Stage, until } from './flows';

/** A node beside those that are tried, which shows whether events come live. */
export const witness: FlowNode[] = [
  { id: 'witness', type: 'linktor-message-in', config: 'account', wires: [['witnessed']] },
  { id: 'witnessed', type: 'probe' },
];

/** Until then what happens may be fetched instead, and several changes be told as the last of them. */
export async function untilLive({ control, state }: Stage, { probe }: Played): Promise<void> {
  await listening({ state }, 2);
  const source = contractUnderTest === 'server' ? 'poll' : 'ws';
  const isLive = ({ linktor }: Message) => (linktor as { source?: string }).source === source;
  const call = async () => {
    await control('messages', { conversationId: 'conv_bruno', text: 'Is anybody there?' });
    return probe('witnessed').all.some(isLive);
  };
  await until(call, (answered) => answered);
}
