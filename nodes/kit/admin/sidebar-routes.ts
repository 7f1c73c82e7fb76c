import { invalid, toLinktorError } from '../../../lib/errors';
import type { SocketState } from '../../../lib/realtime/index';
import type { AccountFacts, Deed, InstanceAction, Report, WaitingAction } from '../../sidebar/types';
import type { ConfigNode } from '../account/config-node';
import type { AdminHandler, RED } from '../red';
import { actOnInstance, clusterOf } from './cluster';
import { playCustomer, talkOf } from './customer';
import { isVariable } from './diagnostics';
import { editorRoutes } from './guard';
import { objectBody, respond } from './routes';
import { SidebarFeed } from './sidebar-feed';
import { giveBack, takenOverIn } from './taken-over';
import { actOnWaiting, waitingIn } from './waiting';

interface Stored {
  id: string;
  type: string;
  config?: string;
  baseUrl?: string;
  /** whether the node is disabled */
  d?: boolean;
}

const nobody = { waiting: [], waitingInAll: 0, takenOver: [], takenOverInAll: 0 };

/** Register the sidebar's routes, once. Every route needs a permission; no response contains a credential. */
export function serveSidebar(red: RED): void {
  const watch = new SidebarFeed(red);

  const report: AdminHandler = ({ query }, response) =>
    respond(response, async (): Promise<Report> => {
      const accounts = accountsOf(red, watch);
      const watched = accounts.find(({ id }) => id === query.watch)?.id;
      if (watched === undefined) return { accounts, lines: [], sandbox: false, ...nobody };
      const lines = watch.linesAfter(watched, Number(query.after) || 0);
      const account = watch.node(watched)?.account;
      const [sandbox, waiting, cluster] = await Promise.all([
        watch.sandbox(watched),
        waitingIn(red, account),
        clusterOf(account),
      ]);
      return { accounts, lines, sandbox, ...waiting, ...takenOverIn(account), ...cluster };
    });

  /** @throws LinktorError `validation` without a sandbox: a real customer must not be impersonated */
  const playable = async (id: string) => {
    const node = watch.node(id);
    const { account, deployedUrl } = node ?? {};
    if (!account || deployedUrl === undefined) throw invalid('The Linktor account is not deployed.');
    if (!(await watch.sandbox(id))) throw invalid('There is no sandbox on this machine under the Server URL.');
    return { url: deployedUrl, client: account.client() };
  };

  const talk: AdminHandler = ({ params, query }, response) =>
    respond(response, async () => {
      const { client } = await playable(params.id ?? '');
      return talkOf(client, String(query.conversation ?? ''));
    });

  const play: AdminHandler = ({ params, body }, response) =>
    respond(response, async () => {
      const { url, client } = await playable(params.id ?? '');
      const deed = objectBody(body) as unknown as Deed;
      await playCustomer(url, client, deed);
      return talkOf(client, deed.conversationId);
    });

  const steer: AdminHandler = ({ params, body }, response) =>
    respond(response, async () => {
      await actOnWaiting(watch.node(params.id ?? '')?.account, objectBody(body) as unknown as WaitingAction);
      return {};
    });

  const returnToFlow: AdminHandler = ({ params, body }, response) =>
    respond(response, async () => {
      giveBack(watch.node(params.id ?? '')?.account, objectBody(body).conversationId);
      return {};
    });

  const steerInstance: AdminHandler = ({ params, body }, response) =>
    respond(response, async () => {
      await actOnInstance(watch.node(params.id ?? '')?.account, objectBody(body) as Partial<InstanceAction>);
      return {};
    });

  const routes = editorRoutes(red);
  routes.get('/linktor/accounts', 'linktor-config.read', report);
  routes.get('/linktor/:id/sandbox', 'linktor-config.read', talk);
  routes.post('/linktor/:id/sandbox', 'linktor-config.write', play);
  routes.post('/linktor/:id/waiting', 'linktor-config.write', steer);
  routes.post('/linktor/:id/instances', 'linktor-config.write', steerInstance);
  routes.post('/linktor/:id/takeover', 'linktor-config.write', returnToFlow);
}

function accountsOf(red: RED, watch: SidebarFeed): AccountFacts[] {
  const configs: [Stored, ConfigNode][] = [];
  const users = new Map<string, number>();
  red.nodes.eachNode((each) => {
    const stored = each as Stored;
    const node = stored.type === 'linktor-config' ? watch.node(stored.id) : undefined;
    if (node) configs.push([stored, node]);
    else if (stored.config && stored.d !== true) users.set(stored.config, (users.get(stored.config) ?? 0) + 1);
  });
  return configs.map(([stored, node]) => ({
    id: stored.id,
    name: node.name ?? '',
    host: hostOf(stored, node),
    users: users.get(stored.id) ?? 0,
    ...connectionOf(node),
  }));
}

/** @returns the error code for a missing connection */
function problemOf(state: SocketState): string | undefined {
  if (state.name === 'refused') return state.code;
  return state.name === 'waiting' ? 'network' : undefined;
}

/** The value of an environment variable must not be shown in the editor. */
function hostOf({ baseUrl = '' }: Stored, { deployedUrl = '' }: ConfigNode): string {
  if (isVariable(baseUrl)) return baseUrl;
  return URL.canParse(deployedUrl) ? new URL(deployedUrl).host : '';
}

/** Only the code of a failure is sent: its text may come from a server. */
function connectionOf({ account }: ConfigNode): Omit<AccountFacts, 'id' | 'name' | 'host' | 'users'> {
  const nothing = { attempts: 0, counters: {} };
  try {
    account?.client();
  } catch (thrown) {
    return { ...nothing, state: 'refused', problem: toLinktorError(thrown).code };
  }
  const realtime = account?.realtimeIfOpen();
  if (!realtime) return { ...nothing, state: 'idle' };
  const { state, since, attempts, latency, subscriptions, counters } = realtime.facts();
  const problem = problemOf(realtime.state);
  const now = realtime.state;
  const isAlone = now.name === 'open' && now.alone === true;
  const isLeading = now.name === 'open' && now.leads === true;
  const role = now.name === 'standby' || now.name === 'sharing' ? { leader: now.leader } : isLeading && { leads: true };
  return {
    state,
    since,
    attempts,
    problem,
    ...role,
    ...(isAlone && { alone: true }),
    latency,
    counters: { subscriptions, ...counters },
  };
}
