export { feedServers } from './feed-servers.ts';
export { demoJson, demoReport } from './report.ts';
export { runDemo } from './run-demo.ts';
export { makeRunFolder } from './run-folder.ts';
