import { languageOf } from '../../lib/dialogue/index';
import { type LinktorError, toLinktorError } from '../../lib/errors';
import { cleanId, trimPasted } from '../../lib/text/index';
import { brokenAccount, createAccount } from './account/account';
import type { ConfigNode, ProviderNode } from './account/config-node';
import { figuresOf } from './account/figures';
import { serveMetrics } from './account/metrics-page';
import { consumerName } from './account/nats';
import { prometheusText } from './account/prometheus';
import { routeOf } from './account/route';
import type { SentLog } from './account/sent-log';
import type { AccountSettings } from './account/settings';
import { mountAction } from './action/mount-action';
import { mountKept } from './action/mount-kept';
import type { Config, Definition } from './define';
import { mountDialogue } from './dialogue/mount-dialogue';
import { fixedValues, type Planned, planFields } from './evaluate';
import { fenced } from './fence';
import { migrated, versionOf } from './migrations';
import type { RED, RunningNode, Stored } from './red';
import type { Shared } from './shared';
import { mountTrigger } from './trigger/mount-trigger';
import { variableFields, withVariables } from './variables';

/** Register a definition as a Node-RED node type. */
export function mount(red: RED, given: Definition, shared: Shared): void {
  const definition: Planned<Definition> = { ...given, plan: planFields(given.fields) };
  const secrets = Object.entries(definition.fields).filter(([, field]) => field.kind === 'secret');
  const credentials = Object.fromEntries(
    secrets.map(([name, { visible }]) => [name, { type: visible ? ('text' as const) : ('password' as const) }]),
  );
  const [earlier, current] = [variableFields(given.fields, true), variableFields(given.fields, false)];
  function construct(this: RunningNode, config: Stored): void {
    red.nodes.createNode(this, config);
    const withVariable = versionOf(config) < 2 ? earlier : current;
    const stored = withVariables(red, this, withVariable, migrated(definition.type, config));
    if (definition.role === 'config' && definition.provide) mountProvider(this, definition, stored);
    else if (definition.role === 'config') mountConfig(red, this as ConfigNode, definition, stored, shared);
    else if (definition.role === 'action' && definition.isKept) mountKept(red, this, definition, stored, shared);
    else if (definition.role === 'action') mountAction(red, this, definition, stored, shared);
    else if (definition.role === 'dialogue') mountDialogue(red, this, definition, stored, shared);
    else mountTrigger(red, this, definition, secrets.length > 0 ? { ...stored, ...this.credentials } : stored, shared);
  }
  red.nodes.registerType(definition.type, construct, secrets.length > 0 ? { credentials } : {});
}

/** Problems are reported by the nodes that use the provided value. */
function mountProvider(node: ProviderNode, { plan, provide }: Planned<Config>, stored: Stored): void {
  try {
    node.provided = { value: provide?.(fixedValues(plan, stored) as never) };
  } catch (thrown) {
    node.provided = { problem: toLinktorError(thrown) };
  }
}

function mountConfig(red: RED, node: ConfigNode, definition: Planned<Config>, stored: Stored, shared: Shared): void {
  node.users = {};
  const { handovers, heldMessages, files } = shared;
  const sentLog = heldMessages.take(node.id)?.value as SentLog | undefined;
  const log = {
    // Log handlers are written by others.
    info: fenced((text: string) => node.log(text)),
    warn: fenced((text: string) => node.warn(text)),
    error: fenced((error: LinktorError) => node.error(error, {})),
  };
  const predecessor = handovers.get(node.id);
  handovers.delete(node.id);
  try {
    const values = fixedValues(definition.plan, { ...stored, ...node.credentials });
    node.deployedUrl = String(values.baseUrl);
    node.deployedSocketUrl = String(values.wsUrl);
    node.deployedNatsUrl = String(values.natsUrl);
    const settings = values as AccountSettings;
    const { contract, signIn, receive } = settings;
    node.deployedChoices = { contract, signIn, receive };
    node.account = createAccount(settings, {
      route: routeOf(red, values),
      log,
      predecessor,
      bequeath: (memory) => handovers.set(node.id, memory),
      sentLog,
      host: {
        id: node.id,
        language: languageOf(red.settings.lang) ?? 'en-US',
        consumer: consumerName(red, node.id, settings.baseUrl),
        openLedger: (...hooks) => shared.ledgers.open(node, settings, log, ...hooks),
        closeLedger: (ledger, isRemoved) => shared.ledgers.close(node.id, ledger, isRemoved),
        whenStarted: (act) => shared.flowStart.whenStarted(act),
        files,
        keptFolder: shared.ledgers.keptFolderOf(node.id),
        fileFolders: red.settings.linktor?.files,
      },
    });
  } catch (problem) {
    node.account = brokenAccount(problem);
  }
  openOutbox(node);
  const endAnnounce = shared.flowStart.whenStarted(() => shared.accountChanges.announce(node.id));
  const endMetrics = openMetrics(node, stored, shared, log);
  node.on('close', (removed, done) => {
    const { account } = node;
    endMetrics?.();
    endAnnounce();
    if (!removed) heldMessages.leave(node.id, account?.sentLog);
    const close = async () => {
      await account?.close(removed);
      if (removed) handovers.delete(node.id);
    };
    close().then(done, () => done());
  });
}

/** Serve the metrics. Problems reach Catch nodes of the account's users once the flows have started. */
function openMetrics(
  node: ConfigNode,
  { metricsPath }: Stored,
  { pages, flowStart }: Pick<Shared, 'pages' | 'flowStart'>,
  log: { error(error: LinktorError): void },
): (() => void) | undefined {
  const path = cleanId(String(metricsPath ?? ''));
  const { account } = node;
  if (path === '' || !account) return undefined;
  try {
    const name = node.name || node.id;
    const token = trimPasted(String(node.credentials?.metricsToken ?? ''));
    const settings = { path, token, owner: `the account "${name}"` };
    return serveMetrics(pages, settings, () => prometheusText(name, figuresOf(account)));
  } catch (thrown) {
    return flowStart.whenStarted(() => log.error(toLinktorError(thrown)));
  }
}

/** Resume sending messages of an earlier process, whichever nodes exist now. */
function openOutbox(node: ConfigNode): void {
  try {
    node.account?.outbox();
  } catch {
    // The nodes that use the outbox report it.
  }
}
