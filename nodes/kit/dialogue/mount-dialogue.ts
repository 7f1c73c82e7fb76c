import type { LinktorError } from '../../../lib/errors';
import { storageProblemOf } from '../../../lib/ledger/index';
import { accountIds, chosenAccount } from '../account/choose';
import { mountAction } from '../action/mount-action';
import type { Action, ActionContext, DialogueNode, Outcome } from '../define';
import { evaluator, type Planned } from '../evaluate';
import { fenced } from '../fence';
import type { RED, RunningNode, Stored } from '../red';
import type { Shared } from '../shared';
import type { Status, StatusName } from '../status';
import { AccountAsker } from './account-asker';

/** Make a node ask a question for every message, and emit the answers when they arrive. */
export function mountDialogue(
  red: RED,
  node: RunningNode,
  definition: Planned<DialogueNode>,
  stored: Stored,
  shared: Shared,
): void {
  const closing = new AbortController();
  let isRemoved = false;
  const { signal } = closing;
  const evaluate = evaluator(red, node, definition.plan, stored);
  const askers = new Map<string, AccountAsker>();

  const run = async (context: ActionContext<never>): Promise<Outcome | undefined> =>
    askers.get(chosenAccount(red, stored, context.msg))?.run(context);
  const action: Planned<Action> = { ...definition, role: 'action', statusOf, run };
  const status = mountAction(red, node, action, stored, shared, whenIdle);

  const report = fenced((problem: LinktorError, msg: object) => node.error(problem, msg));
  const fail = (problem: LinktorError, msg: object) => {
    status.show(statusOf(problem), { at: Date.now() });
    report(problem, msg);
  };
  const changed = () => {
    if (!signal.aborted) whenIdle(status);
  };
  const parts = { red, node, definition, stored, evaluate, signal, isRemoved: () => isRemoved, fail, changed };
  const [own = '', ...others] = accountIds(stored);
  for (const id of [own, ...others]) askers.set(id, new AccountAsker(id, parts));
  for (const asker of askers.values()) asker.register();
  // Node-RED itself restarts this node with its own account only.
  const releases = others.map((id) => shared.accountChanges.watch(id, () => askers.get(id)?.register()));
  releases.push(shared.flowStart.whenStarted(() => askers.get(own)?.check()));

  node.on('close', (removed, done) => {
    closing.abort();
    isRemoved = removed;
    for (const release of releases) release();
    for (const asker of askers.values()) {
      if (!removed) shared.flowStart.whenStarted(asker.abandoned());
      asker.release();
    }
    const leaving = removed ? [...askers.values()].map((asker) => asker.forget()) : [];
    Promise.all(leaving).then(
      () => done(),
      () => done(),
    );
  });

  function whenIdle(shown: Status): void {
    shown.whenDue(() => showWaiting(shown));
  }

  function showWaiting(shown: Status): void {
    const all = [...askers.values()].map(({ standing }) => standing);
    const problem = all.find((one) => one.problem)?.problem;
    const open = all.filter(({ count }) => count > 0);
    if (problem) shown.show(statusOf(problem));
    else if (open.length === 0) shown.clear();
    else {
      const count = open.reduce((sum, one) => sum + one.count, 0);
      shown.show(open.every(({ isLasting }) => isLasting) ? 'waiting' : 'not_lasting', { count });
    }
  }
}

/** A storage problem has its own status. */
function statusOf(problem: LinktorError): StatusName {
  const storage = storageProblemOf(problem);
  if (storage === 'in_use') return 'ledger_in_use';
  return storage === 'unwritable' ? 'ledger_unwritable' : problem.code;
}
