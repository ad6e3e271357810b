namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>Makes the input of a finding shorter while it still breaks the same promise.</summary>
internal static class Minimiser
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(3);

    public static byte[] Shorten(byte[] input, Func<byte[], bool> stillBreaks)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var size = Math.Max(1, input.Length / 2); size > 0; size /= 2)
        {
            for (var at = 0; at < input.Length && TimeProvider.System.GetElapsedTime(started) < MostTime;)
            {
                byte[] shorter = [.. input[..at], .. input[Math.Min(input.Length, at + size)..]];
                if (stillBreaks(shorter))
                {
                    input = shorter;
                }
                else
                {
                    at += size;
                }
            }
        }

        return input;
    }
}
