import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Site of somebody else, whose pages attack the pages of a service. */
export interface OtherSite {
  /** Address: another site than 127.0.0.1 to a browser. */
  readonly url: string;
  close(): Promise<void>;
}

/** Attacks by their path: each is a page that a person who is signed in opens. */
const attacks = (target: string): Readonly<Record<string, string>> => ({
  '/form': `<form method="post" action="${target}"><input name="verdict" value="confirmed"></form>
    <script>document.forms[0].submit()</script>`,
  '/text-form': `<form method="post" action="${target}" enctype="text/plain"><input name='{"a":"' value='"}'></form>
    <script>document.forms[0].submit()</script>`,
  '/fetch': `<script>
    const send = (init) => fetch(${JSON.stringify(target)}, { method: 'POST', credentials: 'include', ...init }).catch(() => null);
    Promise.all([
      send({ mode: 'no-cors' }),
      send({ mode: 'cors' }),
      send({ mode: 'cors', headers: { 'x-flowline-page': '1' } }),
      send({ mode: 'no-cors', headers: { 'x-flowline-page': '1' }, body: '{}' }),
    ]).then(() => { document.title = 'done'; });
  </script>`,
  '/read': `<script>
    fetch(${JSON.stringify(target)}, { credentials: 'include' }).then((response) => response.text())
      .then((text) => { document.title = 'read ' + text.length; }, () => { document.title = 'refused'; });
  </script>`,
  '/frame': `<iframe src="${target}" width="800" height="600"></iframe>`,
});

/** Starts the site; `target` is the address that its pages attack. */
export async function startOtherSite(target: () => string): Promise<OtherSite> {
  const server: Server = createServer((request, response) => {
    const body = attacks(target())[request.url ?? ''] ?? '';
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>other</title>${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
