namespace Relay.Submission;

/// <summary>What listeners need to take mail from authenticated users.</summary>
internal sealed record SubmissionDependencies(Authenticator Authenticator, SenderLogins SenderLogins);
