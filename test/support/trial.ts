import linktor from '../../nodes';
import { AccountChanges } from '../../nodes/kit/account/choose';
import { FileService } from '../../nodes/kit/account/file-service';
import { Ledgers } from '../../nodes/kit/account/ledgers';
import { type Action, action } from '../../nodes/kit/define';
import { FlowStart, HeldMessages } from '../../nodes/kit/deploys';
import { as, dynJson, dynNumber, number, typed } from '../../nodes/kit/fields';
import { mount } from '../../nodes/kit/mount';
import type { RED } from '../../nodes/kit/red';
import type { FlowNode } from './flows';

/** A node with a `run` function defined by the test. */
export function trial(run: Action['run'], more: Partial<Parameters<typeof action>[0]> = {}) {
  const definition = action({
    type: 'linktor-trial',
    outputs: ['done', 'other'],
    result: 'payload',
    busy: 'asking',
    fields: {
      value: typed('given', { required: true, mustache: true }),
      count: typed('count', { types: dynNumber, convert: as.number(1, 10) }),
      list: typed('list', { types: dynJson }),
      figure: number(3, { min: 1, max: 5 }),
    },
    ...more,
    run: run as never,
  });
  return (red: RED) => {
    linktor(red);
    const flowStart = new FlowStart(red.events);
    const pages = { isGuarded: false, serve: () => () => {} };
    mount(red, definition, {
      hooks: { serve: () => () => {} },
      pages,
      files: new FileService(pages),
      handovers: new Map(),
      heldMessages: new HeldMessages(red.events),
      flowStart,
      ledgers: new Ledgers(red, flowStart),
      accountChanges: new AccountChanges(),
    });
  };
}

/** The trial node, with a probe at each of its outputs. */
export const trialNode = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-trial', config: 'account', wires: [['out'], ['other'], ['failed']], ...more },
  { id: 'out', type: 'probe' },
  { id: 'other', type: 'probe' },
  { id: 'failed', type: 'probe' },
];
