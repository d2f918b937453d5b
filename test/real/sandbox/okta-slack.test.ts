import { describeOktaAndSlack } from './okta-slack-battery';
import { useSandbox } from './support';

const stand = useSandbox();

describeOktaAndSlack('the sandbox', () => {
  const { urls, credentials } = stand.current.sandbox;
  const acme = credentials['acme'];
  if (!acme) throw new Error('the sandbox seeds `acme`');
  return {
    orgUrl: urls.okta,
    oktaToken: acme.okta.token,
    slackApiUrl: urls.slack,
    slackToken: acme.slack.token,
    domain: 'acme.example',
    slackEmail: 'sarah.chen@acme.example',
    channel: 'engineering',
    group: 'contractors',
  };
});
