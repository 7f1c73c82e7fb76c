import { invalid, type LinktorError, toLinktorError } from '../../../lib/errors';
import type { SocketState } from '../../../lib/realtime/index';
import { accountOf, configOf } from '../account/config-node';
import type { OnInput, Trigger, TriggerContext } from '../define';
import { evaluator } from '../evaluate';
import type { Hooks } from '../http-routes';
import { messageNames, onMessage, toPort } from '../message';
import { versionOf } from '../migrations';
import type { RED, RunningNode, Stored } from '../red';
import { Status, type StatusName } from '../status';
import { ToMsg } from '../to-msg';

/** Make a node begin a flow whenever its trigger hears of something. */
export function mountTrigger(red: RED, node: RunningNode, definition: Trigger, stored: Stored, hooks: Hooks): void {
  const status = new Status((shown) => node.status(shown));
  const closing = new AbortController();
  const releases = new Set<() => void>();
  const nextName = messageNames();
  let onInput: OnInput | undefined;
  let isLive = false;
  let caution: StatusName | undefined;

  const onClose = (release: () => void) => {
    if (closing.signal.aborted) release();
    else releases.add(release);
  };
  const report = (thrown: unknown) => {
    if (!closing.signal.aborted) node.error(toLinktorError(thrown), {});
  };

  const fenced: TriggerContext<never>['fenced'] = (act) => (one, other) => {
    try {
      act(one, other);
    } catch (thrown) {
      report(thrown);
    }
  };

  async function start(): Promise<void> {
    const account = accountOf(red, stored);
    const configId = String(stored.config);
    const { runtimeSyncDelivery } = red.settings;
    const realtime = account.realtime();
    const users = configOf(red, stored)?.users ?? {};
    users[node.id] = node;
    onClose(() => delete users[node.id]);
    const values = await evaluator(red, node, definition.fields, stored)({});
    if (closing.signal.aborted) return;
    const showState = () => isLive && !definition.ownStatus && showConnection(status, realtime.state, caution);
    onClose(realtime.onState(showState));
    onInput = definition.listen({
      values: values as never,
      configId,
      toMsg: new ToMsg(configId, Boolean(runtimeSyncDelivery)),
      client: account.client().with({ signal: closing.signal, onAnswer: () => account.onSuccess() }),
      signal: closing.signal,
      sentLog: account.sentLog,
      connection: realtime,
      onClose,
      background: (work) => void work.catch(report),
      fenced,
      emit(msg, port = 0) {
        msg._msgid ??= nextName();
        // For the first output Node-RED has a shorter way.
        node.send(port === 0 ? msg : toPort(port, msg));
      },
      nodeId: node.id,
      storedVersion: versionOf(stored),
      caution(word) {
        caution = word;
      },
      webhookSecrets: account.webhookSecrets,
      status: (word, facts) => status.show(word, facts),
      serve: (hook) => onClose(hooks.serve(hook)),
      isFirst: (eventId) => realtime.isFirst(node.id, eventId),
      feed: (event) => realtime.feed(event, 'webhook'),
      everything: () => onClose(realtime.subscribeAll()),
      subscribe(conversationId) {
        const end = realtime.subscribe(conversationId);
        const release = () => {
          // Once only: the others who asked for this conversation keep it.
          if (releases.delete(release)) end();
        };
        onClose(release);
        return release;
      },
      onEvent(listener) {
        isLive = true;
        onClose(realtime.listen(fenced(listener)));
      },
      observe: (listener) => onClose(realtime.observe(fenced(listener))),
    });
    showState();
  }

  start().catch((thrown: unknown) => {
    const problem = toLinktorError(thrown);
    status.show(stored.config ? problem.code : 'no_config');
    // Catch nodes hear nothing before the whole flow has been made.
    const told = setImmediate(() => node.error(problem, {}));
    onClose(() => clearImmediate(told));
  });

  onMessage(node, async (msg, _send, done) => {
    let problem: LinktorError | undefined;
    try {
      if (!onInput) throw invalid('This node is not connected, or takes no input.');
      await onInput(msg);
    } catch (thrown) {
      problem = toLinktorError(thrown);
    }
    done(problem);
  });

  node.on('close', (_removed, done) => {
    closing.abort();
    status.close();
    for (const release of releases) release();
    done();
  });
}

/** A trigger shows how its connection is. */
function showConnection(status: Status, state: SocketState, caution: StatusName = 'connected'): void {
  if (state.name === 'open') status.show(caution, { at: state.since });
  else if (state.name === 'connecting') status.show('connecting');
  else if (state.name === 'waiting') status.show('reconnecting', { attempt: state.attempt, until: state.until });
  else if (state.name === 'refused') status.show(state.code, { reason: state.reason });
  else if (state.name === 'paused') status.show('paused');
  else status.clear();
}
