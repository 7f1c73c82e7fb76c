import { Box } from './box';
import { Cluster } from './cluster';
import { element, write } from './element';
import { Events } from './events';
import { Feed } from './feed';
import { Figures } from './figures';
import { Head } from './head';
import { editor, say } from './red';
import { style } from './style';
import { takenOverList } from './taken-over';
import { waitingList } from './waiting';

const id = 'linktor';

editor.plugins.registerPlugin('linktor-sidebar', { onadd: open });

/** Add the sidebar tab. */
function open(): void {
  document.head.append(element('style', {}, style));
  let chosen: string | undefined;
  let last = 0;
  const head = new Head((account) => choose(account));
  const events = new Events();
  const figures = new Figures();
  const cluster = new Cluster(() => feed.ask());
  const waiting = waitingList(() => feed.ask());
  const taken = takenOverList(() => feed.ask());
  const box = new Box();
  const notice = element('p', { class: 'linktor-side-notice', role: 'status' });
  const body = element(
    'div',
    { class: 'linktor-side-body' },
    head.root,
    cluster.root,
    taken.root,
    waiting.root,
    events.root,
    figures.root,
    box.root,
  );
  const content = element('div', { class: 'linktor-side' }, notice, body);
  body.hidden = true;

  const feed = new Feed({
    place: () => (chosen === undefined ? { after: last } : { watch: chosen, after: last }),
    told({ accounts, lines, sandbox, waiting: open, waitingInAll, takenOver, takenOverInAll, cluster: instances }) {
      const account = accounts.find((one) => one.id === chosen) ?? accounts[0];
      body.hidden = account === undefined;
      notice.hidden = account !== undefined;
      if (!account) return write(notice, say('none'));
      if (account.id !== chosen) return choose(account.id);
      last = lines.at(-1)?.number ?? last;
      head.show(account, accounts);
      events.add(lines);
      figures.show(account.counters);
      cluster.show(account.id, instances);
      taken.show(account.id, takenOver, takenOverInAll);
      waiting.show(account.id, open, waitingInAll);
      box.show(sandbox ? account.id : undefined, lines);
    },
    failed(status) {
      notice.hidden = false;
      write(notice, say(status === 401 || status === 403 ? 'forbidden' : 'failed'));
    },
  });

  function choose(account: string): void {
    chosen = account;
    last = 0;
    events.clear();
    feed.ask();
  }

  const open = () => editor.sidebar.show(id);
  editor.actions.add('linktor:show-sidebar', open, { label: say('action') });
  editor.sidebar.addTab({
    id,
    name: 'Linktor',
    label: 'Linktor',
    content,
    iconClass: 'fa fa-comments',
    action: 'linktor:show-sidebar',
    enableOnEdit: true,
    pinned: true,
  });
  // Works in all versions of Node-RED: no requests are sent while the tab is hidden for any reason.
  const observer = new IntersectionObserver((entries) => {
    const shown = entries.at(-1)?.isIntersecting === true;
    feed.look(shown && !document.hidden);
  });
  observer.observe(content);
  document.addEventListener('visibilitychange', () => feed.look(!document.hidden && content.offsetParent !== null));
  editor.comms.subscribe('linktor/activity', () => feed.ask());
  editor.events.on('deploy', () => feed.ask());
}
