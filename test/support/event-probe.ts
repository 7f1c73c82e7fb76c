import { contractUnderTest, type FlowNode, type FlowSetup, listening, type Message, type Played, until } from './flows';

/** An additional node that shows whether events arrive live. */
export const eventProbe: FlowNode[] = [
  { id: 'eventProbe', type: 'linktor-message-in', config: 'account', wires: [['observed']] },
  { id: 'observed', type: 'probe' },
];

/** Wait for live events. Earlier events may be fetched, and several changes may arrive as only the last one. */
export async function untilLive({ control, state }: FlowSetup, { probe }: Played): Promise<void> {
  await listening({ state }, 2);
  const source = contractUnderTest === 'server' ? 'poll' : 'ws';
  const isLive = ({ linktor }: Message) => (linktor as { source?: string }).source === source;
  const call = async () => {
    await control('messages', { conversationId: 'conv_bruno', text: 'Is anybody there?' });
    return probe('observed').all.some(isLive);
  };
  await until(call, (answered) => answered);
}
