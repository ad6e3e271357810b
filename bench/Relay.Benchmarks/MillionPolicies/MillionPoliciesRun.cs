using System.Diagnostics;
using Relay.Lab.Dns;

namespace Relay.Benchmarks.MillionPolicies;

/// <summary>
/// Promise: with 1,000,000 policies in the store, less than a second from the start of the process to the first decision, and
/// less than 300 MB of memory, however many domains are mailed. Exit code 1 when that does not hold.
/// </summary>
internal static class MillionPoliciesRun
{
    public const string Command = "million-policies";

    public static async Task<int> RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("relay-million-").FullName;
        try
        {
            var path = Path.Combine(directory, "policies.db");
            var start = TimeProvider.System.GetTimestamp();
            PolicyFile.Fill(path);
            Console.WriteLine(
                $"store: {PolicyFile.Policies:N0} policies, {new FileInfo(path).Length / 1_000_000} MB, filled in {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s");

            await using var dns = LabDnsServer.Start();
            for (var number = 0; number < FreshRelay.DomainsMailed; number++)
            {
                dns.Zone.AddTxt($"_mta-sts.{PolicyFile.NameOf(number)}", $"v=STSv1; id={SameRecordResolver.Id};");
            }

            using var relay = Process.Start(Environment.ProcessPath!, [FreshRelay.Command, directory, dns.Address]);
            await relay.WaitForExitAsync();
            return relay.ExitCode;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
