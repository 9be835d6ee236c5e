import { testSpokeView } from '../../../model/spoke/testing/spoke.shared-tests.ts';
import { openObjectSpoke } from './testing/object-spoke-under-test.ts';

testSpokeView('Kubernetes objects', openObjectSpoke);
