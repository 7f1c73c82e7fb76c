// A process of its own in which a person takes over and a customer opts out. It is killed by the test.
import { OptOuts, Takeovers } from '../../../lib/charge';
import { createLedger } from '../../../lib/ledger';
import { Variables } from '../../../lib/variables';

const [file = ''] = process.argv.slice(2);
const ledger = createLedger({ keepIn: 'file', file, keepDays: 30 });

async function keep(): Promise<void> {
  const takeovers = new Takeovers({
    ...{ ledger: () => ledger, isOn: true, by: ['message'], resumeAfterMs: 1_800_000, resumeOn: [] },
    ...{ offWords: [], onWords: [], isOurs: () => false, onBegan() {}, onEnded() {}, onProblem() {} },
  });
  const message = { id: 'm1', conversationId: 'c1', direction: 'outbound', contentType: 'text', senderType: 'agent' };
  const at = { original: {}, conversationId: 'c1', messageId: 'm1' };
  takeovers.arrived({ name: 'message.sent', message, ...at }, Date.now());
  takeovers.begin('c2', 'flow', undefined, 0);
  const optOuts = new OptOuts({ ledger: () => ledger, isOn: true, outWords: [], inWords: [], language: () => 'de' });
  await optOuts.optOut({ ...message, direction: 'inbound', senderId: 'ana' }, undefined, Date.now());
  await new Variables(() => ledger).increment({ scope: 'contact', id: 'ana' }, 'visits', 7, { forMs: 3_600_000 });
  process.stdout.write('kept\n');
  setTimeout(() => {}, 60_000);
}

void keep();
