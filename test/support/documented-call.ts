import { problemStatuses, routes, type Route } from '@flowline/api';
import { expect } from '@jest/globals';

import type { TestApi, TestRequest, TestResponse } from './api.ts';

const isOf = (path: string, route: Route, method: string): boolean =>
  route.method === method && new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path.replace(/\?.*/, ''));

/** Sends a request and checks that its response is as documented. */
export async function documentedCall(
  api: TestApi,
  methodAndPath: string,
  request: TestRequest = {},
): Promise<TestResponse> {
  const [method = '', path = ''] = methodAndPath.split(' ');
  const response = await api.call(methodAndPath, request);
  const route = routes.find((each) => isOf(path, each, method));
  if (route === undefined) return response;
  const { status, body } = response;
  const reply = route.replies[status];
  if (reply === undefined) expect(problemStatuses(route)).toContain(status);
  else reply.schema.parse(body);
  return response;
}
