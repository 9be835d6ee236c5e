import type { MessageTable } from './message-table.ts';

export const ADMISSIONREGISTRATION_V1: MessageTable = {
  definitions: 'io.k8s.api.admissionregistration.v1',
  messages: {
    AuditAnnotation: 'key 1 string !; valueExpression 2 string !',
    ExpressionWarning: 'fieldRef 2 string =; warning 3 string =',
    MatchCondition: 'name 1 string !; expression 2 string !',
    MatchResources: `
      @atomic; namespaceSelector 1 *meta.LabelSelector; objectSelector 2 *meta.LabelSelector;
      resourceRules 3 []NamedRuleWithOperations; excludeResourceRules 4 []NamedRuleWithOperations;
      matchPolicy 7 *string`,
    MutatingWebhook: `
      name 1 string !; clientConfig 2 WebhookClientConfig !; rules 3 []RuleWithOperations; failurePolicy 4 *string;
      namespaceSelector 5 *meta.LabelSelector; sideEffects 6 *string !; timeoutSeconds 7 *int32;
      admissionReviewVersions 8 []string !; matchPolicy 9 *string; reinvocationPolicy 10 *string;
      objectSelector 11 *meta.LabelSelector; matchConditions 12 []MatchCondition map=name patch=merge:name`,
    MutatingWebhookConfiguration: 'metadata 1 meta.ObjectMeta; webhooks 2 []MutatingWebhook map=name patch=merge:name',
    NamedRuleWithOperations: '@atomic; resourceNames 1 []string; + 2 RuleWithOperations',
    ParamKind: '@atomic; apiVersion 1; kind 2',
    ParamRef: '@atomic; name 1; namespace 2; selector 3 *meta.LabelSelector; parameterNotFoundAction 4 *string',
    Rule: 'apiGroups 1 []string plain; apiVersions 2 []string plain; resources 3 []string plain; scope 4 *string',
    RuleWithOperations: 'operations 1 []string; + 2 Rule',
    ServiceReference: 'namespace 1 string !; name 2 string !; path 3 *string; port 4 *int32',
    TypeChecking: 'expressionWarnings 1 []ExpressionWarning',
    ValidatingAdmissionPolicy: `
      metadata 1 meta.ObjectMeta; spec 2 ValidatingAdmissionPolicySpec; status 3 ValidatingAdmissionPolicyStatus`,
    ValidatingAdmissionPolicyBinding: 'metadata 1 meta.ObjectMeta; spec 2 ValidatingAdmissionPolicyBindingSpec',
    ValidatingAdmissionPolicyBindingSpec: `
      policyName 1; paramRef 2 *ParamRef; matchResources 3 *MatchResources; validationActions 4 []string set`,
    ValidatingAdmissionPolicySpec: `
      paramKind 1 *ParamKind; matchConstraints 2 *MatchResources; validations 3 []Validation; failurePolicy 4 *string;
      auditAnnotations 5 []AuditAnnotation; matchConditions 6 []MatchCondition map=name patch=merge:name;
      variables 7 []Variable map=name patch=merge:name`,
    ValidatingAdmissionPolicyStatus: `
      observedGeneration 1 int64; typeChecking 2 *TypeChecking; conditions 3 []meta.Condition map=type`,
    ValidatingWebhook: `
      name 1 string !; clientConfig 2 WebhookClientConfig !; rules 3 []RuleWithOperations; failurePolicy 4 *string;
      namespaceSelector 5 *meta.LabelSelector; sideEffects 6 *string !; timeoutSeconds 7 *int32;
      admissionReviewVersions 8 []string !; matchPolicy 9 *string; objectSelector 10 *meta.LabelSelector;
      matchConditions 11 []MatchCondition map=name patch=merge:name`,
    ValidatingWebhookConfiguration: `
      metadata 1 meta.ObjectMeta; webhooks 2 []ValidatingWebhook map=name patch=merge:name`,
    Validation: 'expression 1 string !; message 2; reason 3 *string; messageExpression 4',
    Variable: '@atomic; name 1 string !; expression 2 string !',
    WebhookClientConfig: 'service 1 *ServiceReference; caBundle 2 bytes; url 3 *string',
  },
};
