using Relay.Lab.Certificates;

namespace Relay.Interop.Tests.Programs;

/// <summary>One name of the web server.</summary>
/// <param name="Name">The host name.</param>
/// <param name="Certificate">What it shows.</param>
/// <param name="Policy">The file at the well-known place; null for none.</param>
/// <param name="Directives">More lines for its <c>server</c> block.</param>
internal sealed record WebSite(string Name, LabCertificate Certificate, string? Policy, string Directives);
