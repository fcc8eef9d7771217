import type { Route } from './route.ts';

/** Tables of all routes as Markdown, one per tag, as docs/reference/api.md has them. */
export function routeList(routes: readonly Route[]): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  return tags
    .map((tag) => {
      const rows = routes
        .filter((route) => route.tag === tag)
        .map(({ method, path, scope, summary }) => `| \`${method} ${path}\` | ${scope ?? '–'} | ${summary} |`);
      const title = `### ${tag.charAt(0).toUpperCase()}${tag.slice(1)}`;
      return [title, '', '| route | scope | |', '| --- | --- | --- |', ...rows].join('\n');
    })
    .join('\n\n');
}
