import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { chartCss, themeCss } from '../../libs/charts/src/theme.ts';

const folder = path.join(import.meta.dirname, 'dist');

/** Writes each file a second and third time, compressed, as the API serves it. */
const compressed = {
  name: 'compressed',
  closeBundle() {
    for (const name of readdirSync(folder, { recursive: true })) {
      if (!/\.(html|js|css|svg)$/.test(name)) continue;
      const bytes = readFileSync(path.join(folder, name));
      writeFileSync(path.join(folder, `${name}.br`), brotliCompressSync(bytes));
      writeFileSync(path.join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    }
  },
};

const STYLES = 'virtual:flowline-charts.css';

/** Theme and charts look as they do in reports: both have their styles from one place. */
const sharedStyles = {
  name: 'shared-styles',
  resolveId: (id) => (id === STYLES ? `\0${STYLES}` : null),
  load: (id) => (id === `\0${STYLES}` ? `${themeCss}${chartCss}` : null),
};

export default {
  root: import.meta.dirname,
  base: '/ui/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { conditions: ['flowline:source', 'module', 'browser', 'import', 'default'] },
  build: {
    outDir: folder,
    emptyOutDir: true,
    target: 'es2022',
    // Inline files would need exceptions in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Of our libraries, only what is used: they do nothing when they are imported.
    rolldownOptions: { treeshake: { moduleSideEffects: (id) => !/[\\/]libs[\\/]/.test(id) } },
    reportCompressedSize: false,
  },
  plugins: [sharedStyles, compressed],
};
