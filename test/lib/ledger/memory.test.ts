import { createLedger } from '../../../lib/ledger';
import { conformance } from './conformance';

conformance({
  name: 'memory',
  durability: 'none',
  place: async () => ({
    open: async () => {
      const ledger = createLedger({ keepIn: 'memory', keepDays: 30 });
      await ledger.open();
      return ledger;
    },
    remove: async () => {},
  }),
});
