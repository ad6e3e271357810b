using System.Globalization;
using Relay.Delivery;
using Relay.Delivery.Probing;
using Relay.MtaSts.Policies;

namespace Relay.Diagnosis;

/// <summary>
/// One MX host against the policy (RFC 8461 §4). Without a policy, or with a broken one, it is judged as an enforced policy that
/// lists it would judge it; under mode <c>none</c> TLS faults are advice.
/// </summary>
internal sealed class HostCheck(IMxProbe probe)
{
    public async Task<HostFindings> RunAsync(MxHost host, StsPolicy? policy, CancellationToken cancellationToken)
    {
        var steps = new List<CheckStep>();
        var isListed = policy is null || policy.Mode == PolicyMode.None || Listed(steps, host, policy);
        var probed = await probe.ProbeAsync(host, cancellationToken);
        if (probed.Failure is { } failure)
        {
            steps.Add(CheckStep.Failed(
                "address", failure.Text, "Publish A or AAAA records of the host's public addresses, or remove the MX record"));
        }

        var isReachable = probed.Sessions.Any(session => session.IsGreeted);
        foreach (var session in probed.Sessions)
        {
            SessionCheck.AddTo(steps, host, session, isReachable, isBinding: policy?.Mode != PolicyMode.None);
        }

        var title = host.Preference == 0 && !host.Name.IsRoot
            ? $"MX host {host}"
            : string.Create(CultureInfo.InvariantCulture, $"MX host {host}, preference {host.Preference}");
        return new(new(title, steps), isReachable, isListed && probed.Sessions.Any(session => session.IsVerified));
    }

    private static bool Listed(List<CheckStep> steps, MxHost host, StsPolicy policy)
    {
        if (policy.TryMatch(host.Name, out var pattern))
        {
            steps.Add(CheckStep.Passed("listed", $"the policy lists it: mx: {pattern}"));
            return true;
        }

        steps.Add(CheckStep.Failed(
            "listed",
            "the policy does not list it: senders pass it over",
            $"Add the line mx: {host} to the policy and change the record's id, or remove the MX record"));
        return false;
    }
}
