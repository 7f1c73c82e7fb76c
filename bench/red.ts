import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Red {
  child: ChildProcess;
  url: string;
  deploy(flow: object[]): Promise<void>;
  end(): Promise<void>;
}

/**
 * Start a Node-RED with default settings, our package and one module of the benchmark.
 * @param root the folder whose node_modules contain Node-RED
 * @param source the JavaScript of the module, which receives RED
 * @param packageFolder the folder of our built package
 * @param execPath the Node.js that runs Node-RED
 */
export async function startRed(
  root: string,
  source: string,
  packageFolder = root,
  execPath = process.execPath,
): Promise<Red> {
  const userDir = mkdtempSync(path.join(tmpdir(), 'linktor-bench-'));
  const scope = path.join(userDir, 'node_modules', '@linktor');
  mkdirSync(scope, { recursive: true });
  symlinkSync(packageFolder, path.join(scope, 'node-red-linktor'), 'junction');
  mkdirSync(path.join(userDir, 'nodes'));
  writeFileSync(path.join(userDir, 'nodes', 'bench.js'), source);
  writeFileSync(path.join(userDir, 'nodes', 'bench.html'), '');
  writeFileSync(path.join(userDir, 'flows.json'), '[]');
  const file = path.join(userDir, 'settings.cjs');
  const nodesDir = JSON.stringify(path.join(userDir, 'nodes'));
  writeFileSync(
    file,
    `module.exports = { uiPort: 0, uiHost: '127.0.0.1', flowFile: 'flows.json', credentialSecret: false,
    telemetry: { enabled: false }, editorTheme: { tours: false }, nodesDir: ${nodesDir},
    functionGlobalContext: { crypto: require('crypto') } };`,
  );
  const red = path.join(root, 'node_modules', 'node-red', 'red.js');
  // The proxy settings of the environment must not affect the benchmark.
  const { HTTP_PROXY: _a, http_proxy: _b, ALL_PROXY: _c, all_proxy: _d, ...env } = process.env;
  const child = fork(red, ['--userDir', userDir, '--settings', file], { silent: true, env, execPath });
  let text = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (data: Buffer) => {
      text += data.toString();
      const found = /now running at http:\/\/[\d.]+:(\d+)/.exec(text);
      if (found && text.includes('Started flows')) resolve(Number(found[1]));
    });
    child.stderr?.pipe(process.stderr);
    child.once('exit', () => reject(new Error(text)));
  });
  child.removeAllListeners('exit');
  child.once('exit', () => {
    console.error(text, 'Node-RED has gone.');
    process.exit(1);
  });
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    async deploy(flow) {
      const headers = { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'full' };
      const url = `http://127.0.0.1:${port}/flows`;
      const begun = text.length;
      const { status } = await fetch(url, { method: 'POST', headers, body: JSON.stringify(flow) });
      if (status >= 300) throw new Error(`deploying answered ${status}`);
      // The response arrives before the nodes have started.
      while (!text.includes('Started flows', begun) && child.stdout) await once(child.stdout, 'data');
    },
    async end() {
      child.removeAllListeners('exit');
      const exit = once(child, 'exit');
      // A regular exit, so that a requested profile is written.
      child.kill('SIGINT');
      const insist = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exit;
      clearTimeout(insist);
      rmSync(userDir, { recursive: true, force: true });
    },
  };
}
