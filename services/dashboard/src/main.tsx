import 'virtual:flowline-charts.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/charts.css';
import './styles/explorer.css';
import 'uplot/dist/uPlot.min.css';

import { render } from 'preact';

import { beginSession } from './client/sign-in.ts';
import { App } from './shell/app.tsx';
import { beginTheme } from './state/theme.ts';

beginTheme();
const page = document.getElementById('page');
if (page === null) throw new Error('the document has no place for the page');
page.replaceChildren();
render(<App />, page);
void beginSession();
