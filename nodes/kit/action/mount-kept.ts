import { type LinktorError, toLinktorError } from '../../../lib/errors';
import type { OutboxJob } from '../../../lib/outbox/index';
import { accountOf } from '../account/config-node';
import type { OutboxService } from '../account/outbox-service';
import type { Action } from '../define';
import type { Planned } from '../evaluate';
import { fenced } from '../fence';
import { toPort } from '../message';
import { outputsOf } from '../outputs';
import type { Msg, RED, RunningNode, Stored } from '../red';
import type { Shared } from '../shared';
import type { Status } from '../status';
import { described, mountAction } from './mount-action';
import { applyOutcome, ResultTarget } from './result';

/** Mount an action whose messages may wait in the outbox, and continue them after a restart of the process. */
export function mountKept(
  red: RED,
  node: RunningNode,
  definition: Planned<Action>,
  stored: Stored,
  shared: Shared,
): void {
  let outbox: OutboxService | undefined;
  let sentAt: number | undefined;
  const show = (status: Status) => {
    const count = outbox?.pending(node.id) ?? 0;
    if (count > 0) status.show('in_outbox', { count }, ['count']);
    else if (sentAt !== undefined) status.show('sent_at', { at: sentAt }, ['at']);
    else status.clear();
  };
  const report = fenced((problem: LinktorError, msg: Msg) => node.error(problem, msg));
  const status = mountAction(red, node, definition, stored, shared, show);
  try {
    outbox = accountOf(red, stored).outbox();
  } catch (thrown) {
    const problem = toLinktorError(thrown);
    // Other problems of the account are reported with the first message.
    if (problem.code === 'storage') {
      const tell = () => {
        status.show(problem.code);
        report(problem, {});
      };
      closing(node, shared.flowStart.whenStarted(tell));
    }
  }
  if (!outbox) return;

  const target = new ResultTarget(red, node, stored, definition.fields.result?.property ?? 'payload');
  const failed = (job: OutboxJob, problem: LinktorError) => {
    const msg = messageOf(job);
    status.show(definition.statusOf?.(problem) ?? problem.code, { at: Date.now() });
    if (stored.errorOutput !== true) return report(problem, msg);
    const port = outputsOf(definition, (name) => stored[name]).length;
    node.send(toPort(port, { ...msg, error: described(problem, node) }));
  };
  const sent = async (job: OutboxJob, result: Record<string, unknown>) => {
    const msg = messageOf(job);
    await applyOutcome(target, msg, { result });
    node.send(toPort(0, msg));
    sentAt = Date.now();
    show(status);
  };
  const release = outbox.register(node.id, { sent, failed }, () => show(status));
  closing(node, release);
}

function closing(node: RunningNode, release: () => void): void {
  node.on('close', (_removed, done) => {
    release();
    done();
  });
}

/** Return the stored message, with the facts of its outbox job. */
function messageOf({ id, queued, attempts, carried, dropped }: OutboxJob): Msg {
  const before = typeof carried.linktor === 'object' ? carried.linktor : {};
  return {
    ...carried,
    outbox: { id, queued: new Date(queued).toISOString(), attempts },
    ...(dropped.length > 0 && { linktor: { ...before, dropped } }),
  };
}
